#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/fault.hpp"

namespace porter::detail::bench {

/// Where a server listens: an address and a port as the system calls take them.
struct endpoint {
    ::sockaddr_storage address{};
    ::socklen_t size = 0;

    ::sockaddr const* get() const noexcept { return reinterpret_cast<::sockaddr const*>(&address); }
    bool is_loopback() const noexcept;
    bool is_ipv4() const noexcept { return address.ss_family == AF_INET; }
};

/// The addresses of a host, in the order to try them. Waits for the system's resolver.
result<std::vector<endpoint>, fault> look_up(std::string const& host, std::uint16_t port);

/// The nth address of 127.0.0.0/8 from 127.1.0.0 on, any port: a visitor that the server has not seen before.
endpoint loopback_source(std::uint32_t nth) noexcept;

}  // namespace porter::detail::bench
