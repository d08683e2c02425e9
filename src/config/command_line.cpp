#include "config/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "config/option_error.hpp"

namespace porter::detail::config {
namespace {

std::string names_of(option const& one)
{
    auto const name = fmt::format("--{}", one.name);
    return one.letter == 0 ? name : fmt::format("-{},{}", one.letter, name);
}

CLI::Option* add(CLI::App& app, option const& one)
{
    if (one.form == form::flag) return app.add_flag(names_of(one));
    auto* const added = app.add_option(names_of(one))->type_name(std::string{one.argument})->allow_extra_args(false);
    if (one.form == form::list) added->take_all();
    return added;
}

[[noreturn]] void reject_argument(std::string const& argument)
{
    if (!argument.starts_with('-')) {
        throw option_error(
            exit_code::usage,
            fmt::format("unexpected argument \"{}\": porterd takes only options (--help)", base::escape(argument)));
    }
    std::vector<std::string> names{"--config", "--help", "--version"};
    for (auto const& one : all_options()) names.push_back("--" + std::string{one.name});
    throw option_error(exit_code::usage,
                       unknown_argument(argument, std::vector<std::string_view>{names.begin(), names.end()}));
}

/// CLI11's message begins with the option's name and a colon.
[[noreturn]] void usage_error(CLI::ParseError const& error)
{
    std::string const message = error.what();
    auto const name = message.substr(0, message.find(':'));
    auto const* const known = name.starts_with("--") ? find_option(name.substr(2)) : nullptr;
    if (known == nullptr) throw option_error(exit_code::usage, base::escape(message) + " (--help)");
    if (known->form == form::flag)
        throw option_error(exit_code::usage, fmt::format("{} takes no value other than on or off", name));
    throw option_error(exit_code::usage,
                       fmt::format("{} takes one value and may be given once: {} {}", name, name, known->argument));
}

}  // namespace

command_line parse_command_line(std::vector<std::string> arguments)
{
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    auto const* const help = app.add_flag("-h,--help");
    auto const* const version = app.add_flag("--version");
    auto* const file = app.add_option("--config")->allow_extra_args(false);
    std::vector<std::pair<option const*, CLI::Option const*>> added;
    for (auto const& one : all_options()) added.emplace_back(&one, add(app, one));

    std::ranges::reverse(arguments);  // CLI11 reads a vector from its end
    try {
        app.parse(std::move(arguments));
    } catch (CLI::ParseError const& error) {
        usage_error(error);
    }

    command_line read;
    read.help = help->count() > 0;
    read.version = version->count() > 0;
    if (read.help || read.version) return read;
    for (auto const& rest : app.remaining()) {
        if (rest != "--") reject_argument(rest);
    }
    if (file->count() > 0) read.config_file = file->results().back();
    for (auto const& [known, parsed] : added) {
        if (parsed->count() == 0) continue;
        read.settings.push_back({known, parsed->results(), {origin::source::flag, fmt::format("--{}", known->name)}});
    }
    return read;
}

}  // namespace porter::detail::config
