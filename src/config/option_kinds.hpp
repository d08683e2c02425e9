#pragma once

// What the rows of the option table are made of: for each kind of value a setter and a shower of one member.

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>

#include "base/text.hpp"
#include "config/option.hpp"
#include "config/values.hpp"

namespace porter::detail::config {

struct access_to {
    setter set;
    shower show;
};

/// A member of the server's options or of the program's own.
template <typename Options, typename T>
auto& reach(Options& options, T server_options::* member)
{
    return options.server.*member;
}
template <typename Options, typename T>
auto& reach(Options& options, T porterd_options::* member)
{
    return options.*member;
}

template <auto Member>
using value_of = std::remove_reference_t<decltype(reach(std::declval<porterd_options&>(), Member))>;

/// A TOML string, with what must not stand in one escaped.
std::string toml_text(std::string_view text);
std::string toml_list(std::vector<std::string> const& items);

template <auto Member, std::uint64_t Least, std::uint64_t Most>
constexpr access_to number()
{
    return {[](porterd_options& options, texts const& given) -> result<void, std::string> {
                auto const value = parse_number(given.back(), Least, Most);
                if (!value) return unexpected(value.error());
                reach(options, Member) = static_cast<value_of<Member>>(*value);
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                return std::to_string(reach(options, Member));
            }};
}

template <auto Member, std::uint64_t Least, std::uint64_t Most>
constexpr access_to size()
{
    return {[](porterd_options& options, texts const& given) -> result<void, std::string> {
                auto const value = parse_size(given.back());
                if (!value) return unexpected(value.error());
                if (*value < Least || *value > Most) {
                    return unexpected(
                        fmt::format("{} is not from {} to {}", given.back(), size_text(Least), size_text(Most)));
                }
                reach(options, Member) = static_cast<value_of<Member>>(*value);
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                return toml_text(size_text(reach(options, Member)));
            }};
}

/// A duration of at least `Least` units of the member's type, and a multiple of it.
template <auto Member, std::int64_t Least>
constexpr access_to duration()
{
    return {[](porterd_options& options, texts const& given) -> result<void, std::string> {
                using kept = value_of<Member>;
                auto const value = parse_duration(given.back());
                if (!value) return unexpected(value.error());
                auto const rounded = std::chrono::floor<kept>(*value);
                if (rounded != *value) return unexpected(fmt::format("{} is not whole seconds", given.back()));
                if (rounded < kept{Least}) {
                    return unexpected(fmt::format("{} is less than {}", given.back(), duration_text(kept{Least})));
                }
                reach(options, Member) = rounded;
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                return toml_text(duration_text(reach(options, Member)));
            }};
}

template <auto Member>
constexpr access_to path()
{
    return {[](porterd_options& options, texts const& given) -> result<void, std::string> {
                if (given.back().empty()) return unexpected(std::string{"a path cannot be empty"});
                reach(options, Member) = given.back();
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                auto const& value = reach(options, Member);
                if (value.empty()) return std::nullopt;
                return toml_text(value.native());
            }};
}

template <auto Member>
constexpr access_to flag()
{
    return {[](porterd_options& options, texts const& given) -> result<void, std::string> {
                auto const value = parse_switch(given.back());
                if (!value) return unexpected(value.error());
                reach(options, Member) = *value;
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                return reach(options, Member) ? "true" : "false";
            }};
}

template <typename T>
struct choice_name {
    std::string_view name;
    T value;
};

/// One of a few words. `Choices` is an array of choice_name.
template <auto Member, auto const& Choices>
constexpr access_to choice()
{
    return {[](porterd_options& options, texts const& given) -> result<void, std::string> {
                std::string names;
                for (auto const& one : Choices) {
                    if (one.name == given.back()) {
                        reach(options, Member) = one.value;
                        return {};
                    }
                    names.append(names.empty() ? "" : ", ").append(one.name);
                }
                return unexpected(fmt::format("\"{}\" is none of: {}", base::escape(given.back()), names));
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                for (auto const& one : Choices) {
                    if (one.value == reach(options, Member)) return toml_text(one.name);
                }
                return std::nullopt;
            }};
}

}  // namespace porter::detail::config
