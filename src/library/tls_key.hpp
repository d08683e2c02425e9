#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/name_digest.hpp"
#include "base/clock.hpp"
#include "log/logger.hpp"
#include "porter/server.hpp"
#include "server/tls_acceptor.hpp"
#include "store/audit.hpp"

namespace porter::detail::library {

/// Loads the key and certificate that the options name, else those in the data directory, which it creates if they are
/// missing. Null if TLS is off. Defects of the certificate that clients may reject are logged and added to `warnings`,
/// a line each. Throws start_error.
std::unique_ptr<server::tls_acceptor> open_tls_acceptor(server_options const& options, base::clock const& clock,
                                                        log::logger& log, std::vector<std::string>& warnings);

/// Reads the key and the certificate again. If they cannot be used, logs an error and keeps the current ones. Logs
/// warnings about the certificate. Blocks the calling thread for two small files and a handshake in memory.
void reload(server::tls_acceptor& acceptor, server_options const& options, base::clock const& clock, log::logger& log);

/// The key of the digests of names without an account. Servers that share a database share the TLS key, so they derive
/// it from that, also with TLS off. For a file it is random. Reads the TLS key's file. Throws start_error.
auth::name_key name_key_of(server_options const& options);

/// The key of the audit's seals of servers that share a database, derived from their TLS key. Reads its file. Throws
/// start_error.
store::audit_key audit_key_of(server_options const& options);

/// Returns the warnings that open_tls_acceptor() would add and throws what it would throw, as far as existing files
/// show; creates nothing.
std::vector<std::string> check_tls_key(server_options const& options, base::clock const& clock);

}  // namespace porter::detail::library
