#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "log/logger.hpp"
#include "porter/server.hpp"
#include "server/tls_acceptor.hpp"

namespace porter::detail::library {

/// What the server goes by for TLS: its own certificate where the options name one, else the one in the data directory,
/// which is made when it is not there yet. None when TLS is off. What clients will not like about the certificate is
/// logged and added to `warnings`, a line each. Throws start_error.
std::unique_ptr<server::tls_acceptor> open_tls_acceptor(server_options const& settled, base::clock const& clock,
                                                        log::logger& log, std::vector<std::string>& warnings);

/// Takes the key and the certificate as they are on disk now; what cannot be used is logged, and the server goes on
/// with those that it has. Warnings about the certificate are logged. Two small files and a handshake in memory, once
/// in a while: on the calling thread.
void reload(server::tls_acceptor& acceptor, server_options const& settled, base::clock const& clock, log::logger& log);

/// Whether open_tls_acceptor() would succeed as far as what is there can tell; makes nothing. Returns the warnings that
/// it would add. Throws start_error.
std::vector<std::string> check_tls_key(server_options const& settled, base::clock const& clock);

}  // namespace porter::detail::library
