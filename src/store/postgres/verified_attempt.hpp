#pragma once

#include <chrono>
#include <string>

#include "store/records.hpp"

/// What the operation that an attempt has led to needs in order to undo it, in its own transaction.
namespace porter::detail::store::postgres {

/// The failures of its account to take back.
inline std::int64_t failures_of(counted_attempt const& verified) noexcept
{
    return verified.account ? 1 : 0;
}

/// The value of accounts.last_failed_at that it has set.
inline base::timestamp failed_at(counted_attempt const& verified) noexcept
{
    return std::chrono::floor<std::chrono::seconds>(verified.at);
}

/// The failure counter of its account: that of a known network, or '' for all others.
inline std::string counter_of(counted_attempt const& verified)
{
    return verified.is_known_network ? verified.network : std::string{};
}

}  // namespace porter::detail::store::postgres
