#pragma once

#include "auth/redeemer.hpp"
#include "auth/second_factors.hpp"
#include "auth/verifier.hpp"
#include "base/clock.hpp"
#include "base/published.hpp"
#include "identity/directory.hpp"
#include "log/logger.hpp"
#include "porter/connection.hpp"
#include "server/options.hpp"
#include "server/tls_acceptor.hpp"
#include "sessions/registry.hpp"
#include "store/ports.hpp"

namespace porter::detail::server {

/// The modules and options that every connection of a server uses. They outlive all connections.
struct server_context {
    identity::directory& directory;
    auth::verifier& verifier;
    sessions::registry& registry;
    base::clock const& clock;
    log::logger& log;
    base::published<server::options> options;  ///< may be replaced while the server runs
    service handler;
    tls_acceptor* tls = nullptr;                     ///< null: TLS is off
    store::bans* bans = nullptr;                     ///< null: no network is banned
    auth::redeemer* redeemer = nullptr;              ///< null: redeem is not supported
    auth::second_factors* second_factors = nullptr;  ///< null: no account has one
};

}  // namespace porter::detail::server
