#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "bench/connection_pool.hpp"
#include "bench/histogram.hpp"

namespace porter::detail::bench {

/// The result of one measurement.
struct figures {
    unsigned connections = 0;
    std::chrono::nanoseconds measured{0};  ///< the length of the window
    std::uint64_t done = 0;                ///< messages or short connections within it
    histogram latencies;
    std::map<std::string, connection_pool::fault_tally> faults;

    // The server's process, if it is known.
    std::optional<std::chrono::nanoseconds> cpu_each;  ///< CPU time for each message or short connection
    std::optional<double> cpu_share;                   ///< of one CPU, within the window; may exceed 1
    std::optional<std::uint64_t> rss;                  ///< bytes, at the end of the window
    std::optional<std::int64_t> rss_each;              ///< bytes by which they grew for each connection

    double load_cpu_share = 0;  ///< of one CPU, by the load itself: near its number of threads, the load is the limit
    double load_waited_share = 0;  ///< of the time that its threads were ready but had no CPU

    double per_second() const noexcept
    {
        return static_cast<double>(done) / std::chrono::duration<double>(measured).count();
    }
    std::uint64_t fault_count() const noexcept
    {
        std::uint64_t sum = 0;
        for (auto const& [reason, tally] : faults) sum += tally.count;
        return sum;
    }
};

}  // namespace porter::detail::bench
