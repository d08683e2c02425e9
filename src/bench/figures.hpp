#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "bench/connection_pool.hpp"
#include "bench/histogram.hpp"

namespace porter::detail::bench {

/// What one measurement gave.
struct figures {
    unsigned connections = 0;
    std::chrono::nanoseconds measured{0};  ///< how long the window was
    std::uint64_t done = 0;                ///< messages, or visits, within it
    histogram latencies;
    std::map<std::string, connection_pool::counted> faults;

    // Of the server's process, where it is known.
    std::optional<std::chrono::nanoseconds> cpu_each;  ///< CPU of the server a message or visit
    std::optional<double> cpu_share;                   ///< of one CPU that it used within the window; may be above 1
    std::optional<std::uint64_t> rss;                  ///< bytes, at the end of the window
    std::optional<std::int64_t> rss_each;              ///< what they grew since before the connections, by connection

    double load_cpu_share = 0;  ///< of one CPU that the load itself used: near its number of threads, it is the limit
    double load_waited_share = 0;  ///< of the time, that its threads could run but were kept off a CPU by others

    double per_second() const noexcept
    {
        return static_cast<double>(done) / std::chrono::duration<double>(measured).count();
    }
    std::uint64_t fault_count() const noexcept
    {
        std::uint64_t sum = 0;
        for (auto const& [reason, counted] : faults) sum += counted.count;
        return sum;
    }
};

}  // namespace porter::detail::bench
