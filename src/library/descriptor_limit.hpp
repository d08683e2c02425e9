#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "porter/logger.hpp"
#include "porter/server.hpp"

namespace porter::detail::library {

/// The number of connections that a process with this many descriptors can hold, each with those that its service opens
/// (server_options::service_descriptors), beside what the rest of the process and rejected connections take. At least
/// two, which let a connection without access in beside one with access. max_connections does not matter.
std::size_t connections_within(std::uint64_t descriptors, server_options const& options);

/// The same for this process: RLIMIT_NOFILE now. None: there is no limit.
std::optional<std::size_t> connections_within_limit(server_options const& options);

/// The options with no more connections than this process has descriptors for. If these are fewer than max_connections,
/// logs a warning; if max_connections leaves the number to the limit (0), logs the number. With more connections
/// accept() would fail before the connection_limiter could evict, and silent connections would lock out all others.
server_options limited_by_descriptors(server_options options, logger& log);

}  // namespace porter::detail::library
