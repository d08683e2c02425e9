#pragma once

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "config/file.hpp"
#include "config/option.hpp"
#include "config/problem.hpp"
#include "config/resolve.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {

namespace config = detail::config;

/// What is wrong with settings is one line that may be printed.
inline void require_printable(std::string_view reason)
{
    require(!reason.empty(), "a refusal says why");
    require(detail::base::escape(reason) == reason, "a refusal holds no control characters");
}

/// Sets the options; false: a value was refused.
inline bool set(config::porterd_options& options, std::vector<config::setting> const& settings)
{
    for (auto const& one : settings) {
        auto const done = one.option->set(options, one.values);
        if (!done) require_printable(done.error());
        if (!done) return false;
    }
    return true;
}

/// The values in force, each as --print-config shows it.
inline std::vector<std::optional<std::string>> values_of(config::porterd_options const& options)
{
    std::vector<std::optional<std::string>> values;
    for (auto const& one : config::all_options()) values.push_back(one.show(options));
    return values;
}

/// --print-config writes a file that means the same.
inline void require_same_when_printed(config::porterd_options const& options)
{
    auto printed = options;
    printed.check = printed.print_config = false;  // things to do and no settings: they are printed as comments
    config::porterd_options read;
    try {
        require(set(read, config::read_toml(config::print_config(printed), "printed")), "what is printed can be set");
    } catch (config::option_error const& error) {
        require(false, error.what());
    }
    auto expected = values_of(printed);
    for (auto& value : expected) {
        if (value && !detail::base::valid_utf8(*value)) value.reset();  // a path that no TOML file can hold
    }
    require(values_of(read) == expected, "what is printed means the same");
}

}  // namespace porter::fuzzing
