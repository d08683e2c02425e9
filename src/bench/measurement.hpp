#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "bench/config.hpp"
#include "bench/figures.hpp"
#include "bench/target.hpp"

namespace porter::detail::bench {

/// The progress of a measurement.
struct progress {
    unsigned connections = 0;
    double done = 0;        ///< share of the time, 0 to 1; 0 while connecting
    double per_second = 0;  ///< since the last report
};

/// Measures the server under load with this number of connections, on threads of its own. `report` is called some times
/// a second on the caller's thread. `next_number` is the first unused connection number, and is updated. Throws
/// std::system_error if no thread or descriptor is left.
figures measure(config const& config, target const& target, unsigned connections, std::uint64_t& next_number,
                std::function<void(progress const&)> const& report);

}  // namespace porter::detail::bench
