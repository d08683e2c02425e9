#pragma once

#include "auth/secret_box.hpp"
#include "log/logger.hpp"
#include "porter/server.hpp"

namespace porter::detail::library {

/// Encrypts the secrets of second factors. For a file: by the key in the file second-factor-key of the data directory
/// (of the database's folder, if there is none), which this creates (0600) if it is missing. Servers that share a
/// database derive the key from their TLS key, also with TLS off; the secrets of a file that was moved there are opened
/// by its key, if that is in the data directory. `is_stored`: the store is one of Porter's own; of others the key is in
/// the data directory, or random without one. Reads and writes files. Throws start_error.
auth::secret_box second_factor_box(server_options const& options, bool is_stored, log::logger& log);

/// Throws what second_factor_box() would throw, as far as an existing file shows; creates nothing.
void check_second_factor_key(server_options const& options);

}  // namespace porter::detail::library
