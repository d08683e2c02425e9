#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace porter::detail::bench {

/// What the system says of a process (proc(5)).
struct usage {
    std::chrono::nanoseconds cpu{0};  ///< of all its threads, in its own code and in the system's; a grain of 10 ms
    std::uint64_t rss = 0;            ///< bytes of memory that it has resident
};

/// None: there is no such process, or it is another user's.
std::optional<usage> usage_of(::pid_t process);

/// The same from the texts of /proc/PID/stat and /proc/PID/statm. `ticks`: of a second; `page`: bytes.
std::optional<usage> parse_usage(std::string_view stat, std::string_view statm, long ticks, long page);

/// What the calling thread has used, and how long it could run but had to wait for a CPU: on a machine that is busy
/// with other things, the second says so. Zeros where the system does not tell.
struct thread_usage {
    std::chrono::nanoseconds cpu{0};
    std::chrono::nanoseconds waited{0};
};
thread_usage usage_of_this_thread();

}  // namespace porter::detail::bench
