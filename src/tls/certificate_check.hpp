#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "tls/certified_key.hpp"

namespace porter::detail::tls {

/// A certificate that ends within this time is to be renewed: authorities that issue for 90 days renew with 30 left, so
/// it means that the renewal has failed for two weeks.
inline constexpr std::chrono::days renewal_time{14};

// A clause has "the certificate" for its subject, e.g. "expired on 2026-11-27". What a certificate says of itself
// stands in it as printable ASCII of bounded length.

/// What makes clients that go by an authority refuse a server with this certificate, or will do so soon: a clause each.
/// A client that knows the server by its key connects nevertheless. The certificates behind it in the chain count, too.
std::vector<std::string> certificate_warnings(certified_key const& key, base::timestamp now);

/// Why OpenSSL's verdict (X509_V_ERR_...) on a server's certificate is not X509_V_OK, as clauses joined by "and", with
/// all that is wrong and not only the first. OpenSSL keeps in the certificate what it decodes of it. Empty: it is
/// signed by itself and no authority has ever said anything.
std::string explain_verdict(x509_st& certificate, long verdict, base::timestamp now);

}  // namespace porter::detail::tls
