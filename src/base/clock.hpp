#pragma once

#include <cstdint>

#include "porter/clock.hpp"

namespace porter::detail::base {

using porter::clock;
using porter::instant;
using porter::system_clock;
using porter::timestamp;

/// The format of times on the wire and in the store.
inline std::uint64_t seconds_since_epoch(timestamp time) noexcept
{
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

}  // namespace porter::detail::base
