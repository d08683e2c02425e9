#pragma once

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "config/file.hpp"
#include "config/option.hpp"
#include "config/option_error.hpp"
#include "config/resolve.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {

namespace config = detail::config;

/// An error of the settings is one printable line.
inline void require_printable(std::string_view reason)
{
    require(!reason.empty(), "an error has a reason");
    require(detail::base::escape(reason) == reason, "an error has no control characters");
}

/// Sets the options; false: a value was rejected.
inline bool set(config::porterd_options& options, std::vector<config::setting> const& settings)
{
    for (auto const& each : settings) {
        auto const outcome = each.option->set(options, each.values);
        if (!outcome) require_printable(outcome.error());
        if (!outcome) return false;
    }
    return true;
}

/// The values as --print-config shows them.
inline std::vector<std::optional<std::string>> values_of(config::porterd_options const& options)
{
    std::vector<std::optional<std::string>> values;
    for (auto const& each : config::all_options()) values.push_back(each.show(options));
    return values;
}

/// The output of --print-config, read as a file, gives the same options.
inline void require_same_when_printed(config::porterd_options const& options)
{
    auto printed = options;
    printed.check = printed.print_config = false;  // actions, not settings: they are printed as comments
    config::porterd_options read;
    try {
        require(set(read, config::read_toml(config::print_config(printed), "printed")), "the printed file can be read");
    } catch (config::option_error const& error) {
        require(false, error.what());
    }
    auto expected = values_of(printed);
    for (auto& value : expected) {
        if (value && !detail::base::valid_utf8(*value)) value.reset();  // a path that TOML cannot represent
    }
    require(values_of(read) == expected, "the printed file gives the same options");
}

}  // namespace porter::fuzzing
