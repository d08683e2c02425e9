#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace porter::detail::bench {

/// The resources of a process (proc(5)).
struct usage {
    std::chrono::nanoseconds cpu{0};  ///< user and system time of all threads, in steps of 10 ms
    std::uint64_t rss = 0;            ///< resident memory in bytes
};

/// None: no such process, or another user's.
std::optional<usage> usage_of(::pid_t process);

/// Parses the texts of /proc/PID/stat and /proc/PID/statm. `ticks`: per second; `page`: bytes.
std::optional<usage> parse_usage(std::string_view stat, std::string_view statm, long ticks, long page);

/// The CPU time of the calling thread, and the time that it was ready but waited for a CPU, as on a busy machine. 0 if
/// the system does not report them.
struct thread_usage {
    std::chrono::nanoseconds cpu{0};
    std::chrono::nanoseconds waited{0};
};
thread_usage usage_of_this_thread();

}  // namespace porter::detail::bench
