#pragma once

// The setter and the printer of a member, for each kind of value in the option table.

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
#include "porter/result.hpp"

namespace porter::detail::config {

struct accessors {
    setter set;
    printer show;
};

/// A member of the server's options or of the program's own.
template <typename Options, typename T>
auto& member_of(Options& options, T server_options::* member)
{
    return options.server.*member;
}
template <typename Options, typename T>
auto& member_of(Options& options, T porterd_options::* member)
{
    return options.*member;
}

template <auto Member>
using value_of = std::remove_reference_t<decltype(member_of(std::declval<porterd_options&>(), Member))>;

/// A TOML string, escaped as TOML requires.
std::string toml_text(std::string_view text);
std::string toml_list(std::vector<std::string> const& items);

template <auto Member, std::uint64_t Least, std::uint64_t Most>
constexpr accessors number()
{
    return {[](porterd_options& options, texts const& values) -> result<void, std::string> {
                auto const value = parse_number(values.back(), Least, Most);
                if (!value) return unexpected(value.error());
                member_of(options, Member) = static_cast<value_of<Member>>(*value);
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                return std::to_string(member_of(options, Member));
            }};
}

template <auto Member, std::uint64_t Least, std::uint64_t Most>
constexpr accessors size()
{
    return {[](porterd_options& options, texts const& values) -> result<void, std::string> {
                auto const value = parse_size(values.back());
                if (!value) return unexpected(value.error());
                if (*value < Least || *value > Most) {
                    return unexpected(
                        fmt::format("{} is not from {} to {}", values.back(), size_text(Least), size_text(Most)));
                }
                member_of(options, Member) = static_cast<value_of<Member>>(*value);
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                return toml_text(size_text(member_of(options, Member)));
            }};
}

/// A duration of at least `Least` units of the member's type, and a whole number of them.
template <auto Member, std::int64_t Least>
constexpr accessors duration()
{
    return {[](porterd_options& options, texts const& values) -> result<void, std::string> {
                using unit = value_of<Member>;
                auto const value = parse_duration(values.back());
                if (!value) return unexpected(value.error());
                auto const rounded = std::chrono::floor<unit>(*value);
                if (rounded != *value) return unexpected(fmt::format("{} is not whole seconds", values.back()));
                if (rounded < unit{Least}) {
                    return unexpected(fmt::format("{} is less than {}", values.back(), duration_text(unit{Least})));
                }
                member_of(options, Member) = rounded;
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                return toml_text(duration_text(member_of(options, Member)));
            }};
}

template <auto Member>
constexpr accessors path()
{
    return {[](porterd_options& options, texts const& values) -> result<void, std::string> {
                if (values.back().empty()) return unexpected(std::string{"a path cannot be empty"});
                member_of(options, Member) = values.back();
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                auto const& value = member_of(options, Member);
                if (value.empty()) return std::nullopt;
                return toml_text(value.native());
            }};
}

template <auto Member>
constexpr accessors flag()
{
    return {[](porterd_options& options, texts const& values) -> result<void, std::string> {
                auto const value = parse_switch(values.back());
                if (!value) return unexpected(value.error());
                member_of(options, Member) = *value;
                return {};
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                return member_of(options, Member) ? "true" : "false";
            }};
}

/// For an option that porter::server::reload() applies.
template <auto Member>
constexpr copier reloadable()
{
    return [](porterd_options& to, porterd_options const& from) { member_of(to, Member) = member_of(from, Member); };
}

template <typename T>
struct choice_name {
    std::string_view name;
    T value;
};

/// One of a few words. `Choices` is an array of choice_name.
template <auto Member, auto const& Choices>
constexpr accessors choice()
{
    return {[](porterd_options& options, texts const& values) -> result<void, std::string> {
                std::string names;
                for (auto const& one : Choices) {
                    if (one.name == values.back()) {
                        member_of(options, Member) = one.value;
                        return {};
                    }
                    names.append(names.empty() ? "" : ", ").append(one.name);
                }
                return unexpected(fmt::format("\"{}\" is not one of: {}", base::escape(values.back()), names));
            },
            [](porterd_options const& options) -> std::optional<std::string> {
                for (auto const& one : Choices) {
                    if (one.value == member_of(options, Member)) return toml_text(one.name);
                }
                return std::nullopt;
            }};
}

}  // namespace porter::detail::config
