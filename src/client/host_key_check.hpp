#pragma once

#include "base/clock.hpp"
#include "client/known_servers.hpp"
#include "porter/client.hpp"

namespace porter::detail::client {

/// The key that a server presented in the handshake.
struct host_key {
    std::string server;               ///< from server_name()
    std::string fingerprint;          ///< of the key; the handshake proved that the server has the private key
    bool is_certified = false;        ///< a certificate authority of this system certifies the key for the host name
    std::string certificate_error{};  ///< client_error::certificate_error
};

/// Decides whether the key is accepted, as porter/host_key_policy.hpp says: by known_servers, then the authorities,
/// then the policy. Adds the key to known_servers if the policy accepts it. Fails with `unknown_server`, or with
/// `untrusted`, which has both keys.
client_result<trust_source> check_host_key(host_key const& key, known_servers const& known,
                                           host_key_policy const& policy, base::timestamp now,
                                           known_servers::warning const& warn);

}  // namespace porter::detail::client
