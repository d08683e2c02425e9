#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "porter/client.hpp"

namespace porter::detail::client {

/// Whether an address is this machine itself: then nobody is on the way.
bool is_loopback(asio::ip::address const& address);

/// The addresses of `host`, a name or an IP address; at least one. `where` is what failures call it: unreachable,
/// timed_out.
task<client_result<std::vector<asio::ip::tcp::endpoint>>> resolve(std::string host, std::uint16_t port,
                                                                  std::string where,
                                                                  std::chrono::steady_clock::time_point deadline);

}  // namespace porter::detail::client
