#include <fmt/format.h>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "config/option_kinds.hpp"
#include "config/resolve.hpp"

namespace porter::detail::config {
namespace {

/// --check and --print-config are actions, not settings. They are printed as comments, so that the output can be used
/// as a file.
bool is_action(option const& one)
{
    return one.name == "check" || one.name == "print-config";
}

constexpr std::size_t column_of_origin = 48;

}  // namespace

std::string toml_text(std::string_view text)
{
    std::string literal = "\"";
    for (char const letter : text) {
        auto const code = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            literal += {'\\', letter};
        } else if (code < 0x20 || code == 0x7f) {
            literal += fmt::format("\\u{:04X}", code);
        } else {
            literal += letter;
        }
    }
    return literal + '"';
}

std::string toml_list(std::vector<std::string> const& items)
{
    std::string literal = "[";
    for (auto const& item : items) literal.append(literal.size() == 1 ? "" : ", ").append(toml_text(item));
    return literal + ']';
}

std::string print_config(porterd_options const& options)
{
    std::string printed;
    for (auto const& one : all_options()) {
        auto const value = one.show(options);
        // TOML is UTF-8. A path that is not can only be set by a flag or the environment.
        bool const is_valid = value && base::valid_utf8(*value);
        auto const literal = is_valid ? *value : value ? base::escape(*value) : "none";
        auto const line = fmt::format("{}{} = {}", is_valid && !is_action(one) ? "" : "# ", one.name, literal);
        printed += fmt::format("{:<{}} # {}\n", line, column_of_origin, options.origin_of(one.name).where);
    }
    return printed;
}

}  // namespace porter::detail::config
