#include "client/host_key_check.hpp"

#include <algorithm>

namespace porter::detail::client {

namespace {

unexpected<client_error> untrusted(host_key const& shown, std::string known_key, std::string why)
{
    client_error failed{client_errc::untrusted, {code::unauthorized, shown.where + ' ' + std::move(why)}};
    failed.server_key = shown.fingerprint;
    failed.known_key = std::move(known_key);
    return unexpected(std::move(failed));
}

/// The key is another one than before: somebody stands in between, or the administrator knows of it.
unexpected<client_error> changed(host_key const& shown, known_servers::pin const& pin, known_servers const& known)
{
    return untrusted(shown, pin.fingerprint,
                     "has changed its key: it shows " + shown.fingerprint + " and is known by " + pin.fingerprint +
                         ". Nothing was sent to it. Ask whoever runs it; if the new key is right, delete line " +
                         std::to_string(pin.line) + " of " + known.file().string());
}

/// The reason for trust apart from the known servers; it may be nobody's.
trust_source reason_for(host_key const& shown, host_key_policy const& whom)
{
    if (shown.is_certified) return trust_source::certificate_authority;
    if (!whom.only_key().empty()) return trust_source::fingerprint;
    return whom.accepts_new() ? trust_source::first_use : trust_source::none;
}

}  // namespace

client_result<trust_source> check_host_key(host_key const& shown, known_servers const& known,
                                           host_key_policy const& whom, base::timestamp now,
                                           known_servers::warning const& warn)
{
    auto const pins = known.find(shown.where);
    if (!pins)
        return untrusted(shown, {},
                         "shows the key " + shown.fingerprint + ", which cannot be compared: " + pins.error());
    auto const fits = [&](known_servers::pin const& pin) { return pin.fingerprint == shown.fingerprint; };
    bool const is_known = std::any_of(pins->begin(), pins->end(), fits);
    if (!pins->empty() && !is_known) return changed(shown, pins->front(), known);
    if (!whom.only_key().empty() && whom.only_key() != shown.fingerprint) {
        return untrusted(
            shown, whom.only_key(),
            "shows the key " + shown.fingerprint + " and should have " + whom.only_key() + ". Nothing was sent to it");
    }
    if (is_known) return trust_source::known_server;

    auto const reason = reason_for(shown, whom);
    if (reason == trust_source::certificate_authority)
        return reason;  // not kept: an authority's word holds for the next key, too
    if (reason == trust_source::none) {
        auto const& error = shown.certificate_error;
        auto unknown = untrusted(shown, {},
                                 "is not known, and nobody vouches for its key " + shown.fingerprint +
                                     (error.empty() ? "" : ": its certificate " + error));
        unknown.error.cause = client_errc::unknown_server;
        unknown.error.certificate_error = error;
        return unknown;
    }
    auto const problem = known.add({shown.where, shown.fingerprint, day_of(now)});
    if (!problem) return reason;
    auto const unkept = "its key cannot be kept: " + *problem;
    if (reason == trust_source::first_use)
        return untrusted(shown, {}, "shows the key " + shown.fingerprint + " for the first time, but " + unkept);
    if (warn) warn(shown.where + " is trusted this once: " + unkept);
    return reason;
}

}  // namespace porter::detail::client
