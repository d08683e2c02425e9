#include "client/host_key_check.hpp"

#include <algorithm>

namespace porter::detail::client {

namespace {

unexpected<client_error> untrusted(host_key const& key, std::string known_key, std::string reason)
{
    client_error error{client_errc::untrusted, {code::unauthorized, key.server + ' ' + std::move(reason)}};
    error.server_key = key.fingerprint;
    error.known_key = std::move(known_key);
    return unexpected(std::move(error));
}

unexpected<client_error> changed(host_key const& key, known_servers::pin const& pin, known_servers const& known)
{
    return untrusted(key, pin.fingerprint,
                     "has changed its key: it presented " + key.fingerprint + ", and the known key is " +
                         pin.fingerprint + ". Nothing was sent to it. Ask its administrator; if the new key is " +
                         "right, delete line " + std::to_string(pin.line) + " of " + known.file().string());
}

unexpected<client_error> unknown(host_key const& key)
{
    auto const& certificate_error = key.certificate_error;
    auto failed = untrusted(key, {},
                            "is not known, and no authority certifies its key " + key.fingerprint +
                                (certificate_error.empty() ? "" : ": its certificate " + certificate_error));
    failed.error.cause = client_errc::unknown_server;
    failed.error.certificate_error = certificate_error;
    return failed;
}

/// The reason to trust an unknown server; `none` if there is none.
trust_source source_for(host_key const& key, host_key_policy const& policy)
{
    if (key.is_certified) return trust_source::certificate_authority;
    if (!policy.only_key().empty()) return trust_source::fingerprint;
    return policy.accepts_new() ? trust_source::first_use : trust_source::none;
}

}  // namespace

client_result<trust_source> check_host_key(host_key const& key, known_servers const& known,
                                           host_key_policy const& policy, base::timestamp now,
                                           known_servers::warning const& warn)
{
    auto const pins = known.find(key.server);
    if (!pins) {
        return untrusted(key, {},
                         "presented the key " + key.fingerprint + ", which cannot be checked: " + pins.error());
    }
    auto const matches = [&](known_servers::pin const& pin) { return pin.fingerprint == key.fingerprint; };
    bool const is_known = std::any_of(pins->begin(), pins->end(), matches);
    if (!pins->empty() && !is_known) return changed(key, pins->front(), known);
    if (!policy.only_key().empty() && policy.only_key() != key.fingerprint) {
        return untrusted(
            key, policy.only_key(),
            "presented the key " + key.fingerprint + " instead of " + policy.only_key() + ". Nothing was sent to it");
    }
    if (is_known) return trust_source::known_server;

    auto const source = source_for(key, policy);
    if (source == trust_source::none) return unknown(key);
    if (source == trust_source::certificate_authority) return source;  // not saved: the authority may certify a new key
    auto const problem = known.add({key.server, key.fingerprint, day_of(now)});
    if (!problem) return source;
    if (source == trust_source::first_use) {
        return untrusted(key, {}, "presented the new key " + key.fingerprint + ", which cannot be saved: " + *problem);
    }
    if (warn) warn(key.server + " is trusted for this connection only: its key cannot be saved: " + *problem);
    return source;
}

}  // namespace porter::detail::client
