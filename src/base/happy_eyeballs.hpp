#pragma once

#include <asio/ip/tcp.hpp>
#include <chrono>
#include <vector>

#include "base/asio.hpp"
#include "porter/result.hpp"

namespace porter::detail::base {

/// The time from one connection attempt to the next, if none has failed (RFC 8305, 5).
inline constexpr std::chrono::milliseconds attempt_delay{250};

/// The addresses in the order in which RFC 8305 tries them: IPv6 and IPv4 alternate, beginning with the family of the
/// first address; within a family the order stays.
std::vector<asio::ip::tcp::endpoint> interleaved(std::vector<asio::ip::tcp::endpoint> const& addresses);

/// Connects to the address that accepts first (happy eyeballs, RFC 8305). The attempts begin in the order of
/// interleaved(), each when the one before it has failed or after attempt_delay, and go on at the same time; after the
/// first success the others are cancelled. `addresses` has at least one. Errors: timed_out at the deadline; otherwise
/// that of the attempt that failed last.
///
/// Cancellation: throws operation_aborted and ends all attempts.
task<result<tcp_socket, error_code>> connect_to_first(std::vector<asio::ip::tcp::endpoint> addresses,
                                                      std::chrono::steady_clock::time_point deadline);

}  // namespace porter::detail::base
