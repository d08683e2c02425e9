#pragma once

#include <chrono>
#include <cstddef>

namespace porter::detail::store {

/// For how long the bans are not read again after this many were read: many changes in a row must not keep a thread of
/// the store busy. 0.6 s for most_bans, so that a change is known within about a second.
constexpr std::chrono::microseconds pause_after_bans(std::size_t count) noexcept
{
    return std::chrono::microseconds{6} * static_cast<std::chrono::microseconds::rep>(count);
}

}  // namespace porter::detail::store
