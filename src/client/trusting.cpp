#include "client/trusting.hpp"

#include <algorithm>

namespace porter::rooms::client {

namespace {

refusal<client_failure> untrusted(shown_key const& shown, std::string known_key, std::string why)
{
    client_failure failed{client_failure::cause::untrusted, {code::unauthorized, shown.where + ' ' + std::move(why)}};
    failed.server_key = shown.fingerprint;
    failed.known_key = std::move(known_key);
    return refuse(std::move(failed));
}

/// The key is another one than before: somebody stands in between, or the administrator knows of it.
refusal<client_failure> changed(shown_key const& shown, known_servers::pin const& pin, known_servers const& known)
{
    return untrusted(shown, pin.fingerprint,
                     "has changed its key: it shows " + shown.fingerprint + " and is known by " + pin.fingerprint +
                         ". Nothing was sent to it. Ask whoever runs it; if the new key is right, delete line " +
                         std::to_string(pin.line) + " of " + known.file().string());
}

/// The reason for trust apart from the known servers; it may be nobody's.
trusted_by reason_for(shown_key const& shown, trust const& whom)
{
    if (shown.vouched) return trusted_by::authority;
    if (!whom.only_key().empty()) return trusted_by::fingerprint;
    return whom.takes_first_use() ? trusted_by::first_use : trusted_by::nobody;
}

}  // namespace

client_result<trusted_by> judge(shown_key const& shown, known_servers const& known, trust const& whom,
                                base::timestamp now, known_servers::warning const& warn)
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
    if (is_known) return trusted_by::known_server;

    auto const reason = reason_for(shown, whom);
    if (reason == trusted_by::authority) return reason;  // not kept: an authority's word holds for the next key, too
    if (reason == trusted_by::nobody) {
        auto const& error = shown.certificate_error;
        auto unknown = untrusted(shown, {},
                                 "is not known, and nobody vouches for its key " + shown.fingerprint +
                                     (error.empty() ? "" : ": its certificate " + error));
        unknown.error.why = client_failure::cause::unknown_server;
        unknown.error.certificate_error = error;
        return unknown;
    }
    auto const problem = known.keep({shown.where, shown.fingerprint, day_of(now)});
    if (!problem) return reason;
    auto const unkept = "its key cannot be kept: " + *problem;
    if (reason == trusted_by::first_use)
        return untrusted(shown, {}, "shows the key " + shown.fingerprint + " for the first time, but " + unkept);
    if (warn) warn(shown.where + " is trusted this once: " + unkept);
    return reason;
}

}  // namespace porter::rooms::client
