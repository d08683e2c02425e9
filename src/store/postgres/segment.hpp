#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "store/postgres/parameter.hpp"

namespace porter::detail::store::postgres {

/// A statement with the values of its parameters $1, $2, ...
struct statement {
    char const* sql;  ///< a literal: connections keep it prepared under this text
    std::vector<parameter> parameters;
};

/// An operation: statements that are sent together and are one transaction, which the server commits at their end. No
/// transaction is open between two messages. Each statement sees what was committed before it began, so what follows a
/// statement that locks a row sees what the last owner of the lock did.
class segment {
public:
    enum class effect : std::uint8_t {
        reads,   ///< changes nothing: it may be repeated
        writes,  ///< after a lost connection its outcome is unknown
    };

    explicit segment(effect kind) noexcept : effect_(kind) {}

    template <typename... Values>
    segment& add(char const* sql, Values const&... values)
    {
        statements_.push_back({sql, {parameter{values}...}});
        return *this;
    }

    bool is_repeatable() const noexcept { return effect_ == effect::reads; }
    std::span<statement const> statements() const noexcept { return statements_; }

private:
    effect effect_;
    std::vector<statement> statements_;
};

}  // namespace porter::detail::store::postgres
