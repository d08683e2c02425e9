#pragma once

#include "base/clock.hpp"
#include "client/known_servers.hpp"
#include "porter/client.hpp"

namespace porter::detail::client {

/// What a server showed in its handshake.
struct host_key {
    std::string where;          ///< the server, as place_name() gives it
    std::string fingerprint;    ///< of its key, which it has proved to hold
    bool is_certified = false;  ///< a certificate authority of this system vouches for the key and the host's name
    std::string certificate_error{};  ///< why not: client_failure::certificate_error
};

/// Decides whether the server is the right one, before anything is said to it, and keeps the key of a first visit. In
/// this order: its key in known_servers, the authorities, what the program says (porter/host_key_policy.hpp). Fails
/// with `unknown_server`, or with `untrusted`, which names both keys.
client_result<trust_source> check_host_key(host_key const& shown, known_servers const& known,
                                           host_key_policy const& whom, base::timestamp now,
                                           known_servers::warning const& warn);

}  // namespace porter::detail::client
