#pragma once

#include <memory>

#include "base/clock.hpp"
#include "log/logger.hpp"
#include "porter/server.hpp"
#include "server/encryption.hpp"

namespace porter::rooms::library {

/// What the server goes by for TLS: its own certificate where the options name one, else the one in the data directory,
/// which is made when it is not there yet. None when TLS is off. Throws start_error.
std::unique_ptr<server::encryption> open_encryption(server_options const& settled, base::clock const& clock,
                                                    log::logger& log);

/// Takes the key and the certificate as they are on disk now; what cannot be used is logged, and the server goes on
/// with those that it has. Two small files, once in a while: read on the calling thread.
void reload(server::encryption& encryption, server_options const& settled, log::logger& log);

/// Whether open_encryption() would succeed as far as what is there can tell; makes nothing. Throws start_error.
void check_tls_key(server_options const& settled);

}  // namespace porter::rooms::library
