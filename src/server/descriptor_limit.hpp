#pragma once

#include <cstddef>
#include <cstdint>

#include "log/logger.hpp"
#include "server/options.hpp"

namespace porter::detail::server {

/// So many who lost their place, or found none, are told at length at once: each has a descriptor, and no place.
inline constexpr std::size_t max_farewells = 64;

/// How many connections a process may hold that may have so many descriptors and runs so many I/O threads: what was
/// wanted (0: as many as there can be), less where the rest of the process needs its share, and never fewer than the
/// two without which nobody without access could come in beside somebody who has it.
std::size_t max_connections_within(std::uint64_t descriptors, std::size_t threads, std::size_t wanted);

/// The same rules with no more connections than this process has descriptors for (RLIMIT_NOFILE, as it is now), and a
/// line in the log when those are fewer than was wanted. With more, accept would fail before the quota is asked, and a
/// silent crowd keep everybody out.
options limited_by_descriptors(options options, std::size_t threads, log::logger& log);

}  // namespace porter::detail::server
