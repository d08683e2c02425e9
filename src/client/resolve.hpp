#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "porter/client.hpp"

namespace porter::detail::client {

/// Whether it is a loopback address, also as an IPv4-mapped one.
bool is_loopback(asio::ip::address const& address);

/// The addresses of `host`, a name or an IP address; at least one. Failures, which name `server`: unreachable,
/// timed_out.
task<client_result<std::vector<asio::ip::tcp::endpoint>>> resolve(std::string host, std::uint16_t port,
                                                                  std::string server,
                                                                  std::chrono::steady_clock::time_point deadline);

}  // namespace porter::detail::client
