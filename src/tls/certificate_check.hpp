#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "tls/certified_key.hpp"

namespace porter::detail::tls {

/// Warn about a certificate that expires within this time: authorities that issue for 90 days renew 30 days before, so
/// the renewal has failed for two weeks.
inline constexpr std::chrono::days renewal_time{14};

// A clause is a predicate of "the certificate", e.g. "expired on 2026-11-27". Text from a certificate is printable
// ASCII of bounded length.

/// A clause for each reason why clients that verify certificates reject this one, or will reject it soon, including
/// reasons in the rest of the chain. A client that knows the server's key connects nevertheless.
std::vector<std::string> certificate_warnings(certified_key const& key, base::timestamp now);

/// Explains OpenSSL's verify result (X509_V_ERR_...) for a server's certificate: all errors, as clauses joined by
/// "and". OpenSSL caches decoded extensions in the certificate, which is therefore not const. Empty: X509_V_OK, or the
/// certificate is self-signed.
std::string explain_verify_result(x509_st& certificate, long verify_result, base::timestamp now);

}  // namespace porter::detail::tls
