#pragma once

#include "auth/verifier.hpp"
#include "base/clock.hpp"
#include "identity/directory.hpp"
#include "log/logger.hpp"
#include "porter/connection.hpp"
#include "server/encryption.hpp"
#include "server/options.hpp"
#include "sessions/registry.hpp"

namespace porter::rooms::server {

/// What a connection finds behind the door: the rooms that it passes through, and the house's rules. Everything
/// outlives every connection.
struct house {
    identity::directory& directory;
    auth::verifier& verifier;
    sessions::registry& registry;
    base::clock const& clock;
    log::logger& log;
    server::options rules;
    service talk;
    server::encryption* encryption = nullptr;  ///< none: TLS is off
};

}  // namespace porter::rooms::server
