#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/fault.hpp"
#include "porter/result.hpp"

namespace porter::detail::bench {

/// An address and a port, as a sockaddr.
struct endpoint {
    ::sockaddr_storage address{};
    ::socklen_t size = 0;

    ::sockaddr const* get() const noexcept { return reinterpret_cast<::sockaddr const*>(&address); }
    bool is_loopback() const noexcept;
    bool is_ipv4() const noexcept { return address.ss_family == AF_INET; }
};

/// Resolves a host to its addresses, in the order to try them. Blocks.
result<std::vector<endpoint>, fault> resolve(std::string const& host, std::uint16_t port);

/// The address number `index` of 127.0.0.0/8 from 127.1.0.0 on, any port: a source that the server has not seen yet.
endpoint loopback_source(std::uint32_t index) noexcept;

}  // namespace porter::detail::bench
