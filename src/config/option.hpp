#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/porterd_options.hpp"
#include "porter/result.hpp"

namespace porter::detail::config {

using texts = std::vector<std::string>;

/// The form of an option's value, which determines its TOML types.
enum class form : std::uint8_t {
    number,    ///< TOML: integer
    text,      ///< TOML: string
    list,      ///< given more than once, or with commas in the environment; TOML: array of strings, or one string
    duration,  ///< TOML: string, or integer for seconds
    size,      ///< TOML: string, or integer for bytes
    toggle,    ///< on or off; TOML: boolean or string
    flag,      ///< no value on the command line; TOML: boolean
};

/// Sets a value from its text (a list: texts), or returns the rule that the text violates.
using setter = result<void, std::string> (*)(porterd_options&, texts const&);

/// The current value as a TOML literal that parses to the same value; none if it is not set.
using printer = std::optional<std::string> (*)(porterd_options const&);

/// Copies the value to other options: those of a running server, which can apply it.
using copier = void (*)(porterd_options& to, porterd_options const& from);

/// An option of porterd: its name, form, bounds and description. Flags, environment, file, --print-config and --help
/// all use the table of these.
struct option {
    std::string_view name;  ///< without the "--" of the command line
    char letter;            ///< the short flag, or 0
    config::form form;
    std::string_view argument;  ///< the placeholder of the value in --help
    std::string_view meaning;
    setter set;
    printer show;
    copier reload = nullptr;  ///< null: a change needs a restart
};

/// All options that have a value, in the order of --help. --config, --help and --version are none of them.
std::span<option const> all_options();

/// The option with that name, or null.
option const* find_option(std::string_view name);

/// The known word that a misspelt one probably means; empty: none is close.
std::string nearest_word(std::string_view name, std::span<std::string_view const> known);

/// The error for an unknown argument; for an option, with the one of `known` ("--port") that it probably means.
std::string unknown_argument(std::string_view argument, std::span<std::string_view const> known);

/// " (did you mean X?)" if the name of an option is close to this unknown one, else empty.
std::string did_you_mean(std::string_view name, std::string_view prefix);

/// The environment variable of an option: "max-frame" is PORTERD_MAX_FRAME.
std::string variable_of(std::string_view name);

/// An option's values from one source.
struct setting {
    config::option const* option;
    texts values;
    origin from;
};

}  // namespace porter::detail::config
