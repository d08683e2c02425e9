#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/porterd_options.hpp"
#include "porter/error.hpp"

namespace porter::detail::config {

using texts = std::vector<std::string>;

/// How a value of an option is written, and with that what TOML type it may have.
enum class form : std::uint8_t {
    number,    ///< TOML: integer
    text,      ///< TOML: string
    list,      ///< given more than once, or with commas in the environment; TOML: array of strings, or one string
    duration,  ///< TOML: string, or integer for seconds
    size,      ///< TOML: string, or integer for bytes
    toggle,    ///< on or off; TOML: boolean or string
    flag,      ///< stands without a value on the command line; TOML: boolean
};

/// Sets a value from its text (of a list: texts), or says what would be right.
using setter = result<void, std::string> (*)(porterd_options&, texts const&);

/// The value in force as a TOML literal that, read again, gives the same; none when it is not set.
using shower = std::optional<std::string> (*)(porterd_options const&);

/// One option of porterd: the only place that knows its name, its form, its bounds and its words. Flags, environment,
/// file, --print-config and --help all go by the table of these.
struct option {
    std::string_view name;  ///< on the command line with "--" before, in TOML as it is
    char letter;            ///< the short flag, or 0
    config::form form;
    std::string_view argument;  ///< what stands for the value in --help
    std::string_view meaning;
    setter set;
    shower show;
};

/// All options that have a value, in the order of --help. --config, --help and --version are none of them.
std::span<option const> all_options();

/// The option with that name, or null.
option const* find_option(std::string_view name);

/// The word that a misspelt one is likely to mean, or nothing.
std::string nearest_word(std::string_view name, std::span<std::string_view const> known);

/// What is said of an argument that nothing takes: an option, with the one of `known` ("--port") that it is likely to
/// mean, or a word.
std::string unknown_argument(std::string_view argument, std::span<std::string_view const> known);

/// " (did you mean X?)" when a name of the table is close to one that is not in it, else nothing.
std::string did_you_mean(std::string_view name, std::string_view prefix);

/// The environment variable of an option: "max-frame" is PORTERD_MAX_FRAME.
std::string variable_of(std::string_view name);

/// What one source says about one option.
struct setting {
    config::option const* option;
    texts values;
    origin from;
};

}  // namespace porter::detail::config
