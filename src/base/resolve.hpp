#pragma once

#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "porter/result.hpp"

namespace porter::detail::base {

/// The addresses of `host`, a name or an IP address, in the order of preference of the system; at least one. A name
/// that always means this machine (localhost) is not looked up. The lookup runs on a thread of Asio; after a
/// cancellation or at the deadline its result is dropped. Errors: timed_out, and those of the resolver.
task<result<std::vector<asio::ip::tcp::endpoint>, error_code>> resolve(std::string host, std::uint16_t port,
                                                                       std::chrono::steady_clock::time_point deadline);

}  // namespace porter::detail::base
