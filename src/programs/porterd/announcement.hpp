#pragma once

#include <asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "config/porterd_options.hpp"

namespace porter::programs {

/// The one line that says where the server listens, e.g.
/// `porterd 0.1.0 listening on 127.0.0.1:7679 (7678 was taken), log /var/lib/porter/porterd.log`.
std::string listening_line(detail::config::porterd_options const& options,
                           std::vector<asio::ip::tcp::endpoint> const& endpoints);

/// For a person: the fingerprint of the server's key (empty: TLS is off), who can reach the server, and what opens it
/// to the network.
std::string reach_lines(std::vector<asio::ip::tcp::endpoint> const& endpoints, std::string const& fingerprint);

/// The command line that needs no question: as it was given, and the port.
std::string command_without_questions(std::vector<std::string> const& command, std::uint16_t port);

}  // namespace porter::programs
