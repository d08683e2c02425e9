#pragma once

#include <asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "config/porterd_options.hpp"

namespace porter::programs {

/// The line with the endpoints that the server listens on, e.g.
/// `porterd 0.2.0 listening on 127.0.0.1:7679 (7678 was taken), log /var/lib/porter/porterd.log`. `has_own_port`: the
/// options chose the port, not a service manager.
std::string listening_line(detail::config::porterd_options const& options,
                           std::vector<asio::ip::tcp::endpoint> const& endpoints, bool has_own_port);

/// Lines for a person: the fingerprint of the server's key (empty: TLS is off), which machines can reach the server,
/// and the option that opens it to others.
std::string reach_lines(std::vector<asio::ip::tcp::endpoint> const& endpoints, std::string const& fingerprint);

/// The given command line with the port, which needs no prompt.
std::string command_without_prompts(std::vector<std::string> const& command, std::uint16_t port);

}  // namespace porter::programs
