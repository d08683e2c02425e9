#pragma once

#include "auth/hasher.hpp"
#include "auth/verifier.hpp"
#include "porter/server.hpp"
#include "server/options.hpp"
#include "sessions/registry.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::library {

/// The same options, if every value is one that a server can go by. Throws start_error(configuration) that names the
/// option and what it may be.
server_options checked(server_options options);

/// What each room is told.
store::sqlite::options store_options(server_options const& options);
auth::hash_options hash_options(server_options const& options);
auth::options auth_options(server_options const& options);
sessions::options session_options(server_options const& options);
server::options rules(server_options const& options);

}  // namespace porter::detail::library
