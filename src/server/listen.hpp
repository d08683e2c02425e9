#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/asio.hpp"

namespace porter::detail::server {

/// Opens a listening socket on each address, all on one port: `port`, or while that is in use the next one up, `tries`
/// ports in all; 0: any free port. "::" serves IPv6 and IPv4. Throws start_error: configuration for what is no IP
/// address, cannot_listen for everything else. Only "address in use" moves on to another port.
std::vector<base::tcp_acceptor> listen_on(asio::io_context& io, std::vector<std::string> const& addresses,
                                          std::uint16_t port, std::uint16_t tries);

}  // namespace porter::detail::server
