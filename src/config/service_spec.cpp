#include "config/service_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/forward_target.hpp"
#include "config/option.hpp"

namespace porter::detail::config {
namespace {

/// Why a text is no argument of the service; empty: it is one.
using argument_check = std::string (*)(std::string_view argument);

struct service_row {
    service_kind kind;
    std::string_view name;
    std::string_view argument;  ///< the placeholder; empty: the service takes none
    argument_check check;       ///< null if it takes none
};

std::string check_forward(std::string_view argument)
{
    auto const target = forward_target::parse(argument);
    return target ? std::string{} : target.error();
}

/// A command becomes an argument of the shell.
std::string check_command(std::string_view command)
{
    if (command.find_first_not_of(" \t\n") == std::string_view::npos) return "the command of exec is empty";
    return {};
}

constexpr std::array services{
    service_row{service_kind::echo, "echo", "", nullptr},
    service_row{service_kind::chat, "chat", "", nullptr},
    service_row{service_kind::exec, "exec", "COMMAND", check_command},
    service_row{service_kind::forward, "forward", "HOST:PORT|unix:PATH", check_forward},
};

std::string form_of(service_row const& row)
{
    return row.argument.empty() ? std::string{row.name} : fmt::format("{}:{}", row.name, row.argument);
}

unexpected<std::string> reject_unknown(std::string_view text)
{
    constexpr std::size_t max_shown = 60;
    auto const shown = base::escape(text.substr(0, max_shown)) + (text.size() > max_shown ? "..." : "");
    std::vector<std::string_view> names;
    for (auto const& row : services) names.push_back(row.name);
    auto const nearest = nearest_word(text.substr(0, text.find(':')), names);
    auto const hint = nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest);
    return unexpected(fmt::format("\"{}\" is not one of: {}{}", shown, fmt::join(service_forms(), ", "), hint));
}

}  // namespace

std::vector<std::string> service_forms()
{
    std::vector<std::string> forms;
    for (auto const& row : services) forms.push_back(form_of(row));
    return forms;
}

parsed<service_spec> service_spec::parse(std::string_view text)
{
    auto const colon = text.find(':');
    auto const name = text.substr(0, colon);
    auto const* const row = std::ranges::find(services, name, &service_row::name);
    if (row == services.end()) return reject_unknown(text);
    bool const has_argument = colon != std::string_view::npos;
    auto const argument = has_argument ? text.substr(colon + 1) : std::string_view{};
    if (row->argument.empty()) {
        if (has_argument) return unexpected(fmt::format("the service {} takes no argument", name));
    } else {
        if (argument.empty())
            return unexpected(fmt::format("the service {0} needs an argument: {1}", name, form_of(*row)));
        auto problem = row->check(argument);
        if (!problem.empty()) return unexpected(std::move(problem));
    }
    service_spec spec;
    spec.kind = row->kind;
    spec.argument = argument;
    return spec;
}

std::string service_spec::text() const
{
    auto const* const row = std::ranges::find(services, kind, &service_row::kind);
    return row->argument.empty() ? std::string{row->name} : fmt::format("{}:{}", row->name, argument);
}

}  // namespace porter::detail::config
