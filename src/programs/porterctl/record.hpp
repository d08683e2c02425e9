#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"

namespace porter::programs {

struct size_in_bytes {
    std::uint64_t bytes = 0;
};

struct record;

/// The value of a member; std::monostate if it is absent. A double is shown with one decimal.
using value = std::variant<std::monostate, bool, std::int64_t, double, std::string, detail::base::timestamp,
                           size_in_bytes, std::vector<std::int64_t>, std::vector<std::string>, std::vector<record>>;

/// A member. Its name is that of the JSON member, so it never changes; that of a time ends in "_at".
struct field {
    std::string name;
    value content;
};

/// One object of the output: an account, a session, a state.
struct record {
    std::vector<field> fields;
};

template <typename T>
value maybe(std::optional<T> const& optional)
{
    return optional ? value{*optional} : value{};
}

inline value count_of(std::uint64_t number)
{
    return static_cast<std::int64_t>(number);
}

}  // namespace porter::programs
