#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "bench/config.hpp"
#include "bench/figures.hpp"
#include "bench/target.hpp"

namespace porter::detail::bench {

/// How far a measurement is, for people who wait for it.
struct progress {
    unsigned connections = 0;
    double done = 0;        ///< share of the time, 0 to 1; 0 while the connections are made
    double per_second = 0;  ///< since the last report
};

/// Makes the plan's load with that many connections, on threads of its own, and takes the figures. `report` is called
/// some times a second on the caller's thread. `visits`: the numbers below it were used before; grows by those that
/// this takes. Throws std::system_error when the machine has no threads or descriptors left.
figures measure(config const& wanted, target const& door, unsigned connections, std::uint64_t& visits,
                std::function<void(progress const&)> const& report);

}  // namespace porter::detail::bench
