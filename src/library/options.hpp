#pragma once

#include "auth/hasher.hpp"
#include "auth/verifier.hpp"
#include "porter/server.hpp"
#include "server/options.hpp"
#include "sessions/registry.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::library {

/// Returns the options if every value is valid. Throws start_error(configuration), which names the option and its
/// bounds.
server_options checked(server_options options);

/// The options of each module.
store::sqlite::options store_options(server_options const& options);
auth::hash_options hash_options(server_options const& options);
auth::options auth_options(server_options const& options);
sessions::options session_options(server_options const& options);
server::options connection_options(server_options const& options);

}  // namespace porter::detail::library
