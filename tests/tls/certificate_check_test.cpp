#include "tls/certificate_check.hpp"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <string>

#include "support/catch.hpp"
#include "tls/contexts.hpp"

using namespace porter::testing;
using porter::detail::base::timestamp;
using namespace std::chrono_literals;

namespace {

timestamp const today{1'764'288'000s};  // 2025-11-28

/// The properties of a certificate; by default it is valid for a server.
struct properties {
    std::chrono::seconds begins = -24h;
    std::chrono::seconds ends = 24h * 60;
    char const* hosts = "DNS:example.org";
    char const* extended_use = "serverAuth";
    char const* use = "critical,digitalSignature";
};

void add_extension(X509* certificate, int id, char const* value)
{
    if (value == nullptr) return;
    auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

tls::certificate_handle make(evp_pkey_st* key, properties const& values)
{
    tls::certificate_handle handle{X509_new()};
    auto* const certificate = handle.get();
    X509_set_version(certificate, X509_VERSION_3);
    auto const time_at = [](std::chrono::seconds offset) { return (today + offset).time_since_epoch().count(); };
    ASN1_TIME_set(X509_getm_notBefore(certificate), time_at(values.begins));
    ASN1_TIME_set(X509_getm_notAfter(certificate), time_at(values.ends));
    auto* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<unsigned char const*>("Test \x1b[2J"), -1,
                               -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    add_extension(certificate, NID_subject_alt_name, values.hosts);
    add_extension(certificate, NID_ext_key_usage, values.extended_use);
    add_extension(certificate, NID_key_usage, values.use);
    X509_sign(certificate, key, EVP_sha256());
    return handle;
}

std::vector<std::string> warnings(properties const& own, properties const& issuer = {})
{
    auto key = tls::make_key();
    std::vector<tls::certificate_handle> chain;
    chain.push_back(make(key.get(), own));
    chain.push_back(make(key.get(), issuer));
    return tls::certificate_warnings({std::move(key), std::move(chain)}, today);
}

void check_warning(properties const& own, std::string const& words)
{
    auto const found = warnings(own);
    REQUIRE(found.size() == 1);
    CHECK(found.front().find(words) == 0);
}

std::string explain(long verify_result, properties const& values = {})
{
    auto const key = tls::make_key();
    return tls::explain_verify_result(*make(key.get(), values), verify_result, today);
}

}  // namespace

TEST_CASE("a certificate that every client can use has no warnings")
{
    CHECK(warnings({}).empty());
    CHECK(warnings({.extended_use = nullptr, .use = nullptr}).empty());
    CHECK(warnings({.hosts = "IP:192.0.2.1"}).empty());
    auto own = tls::make_key();
    std::vector<tls::certificate_handle> chain;
    chain.push_back(tls::make_certificate(*own, today));
    CHECK(tls::certificate_warnings({std::move(own), std::move(chain)}, today).empty());
}

TEST_CASE("a certificate that has expired or is not valid yet or expires soon gives a warning with the day")
{
    check_warning({.begins = -24h * 60, .ends = -24h}, "expired on 2025-11-27");
    check_warning({.begins = 24h * 3}, "is not valid before 2025-12-01");
    check_warning({.ends = 24h * 14 - 1s}, "expires on 2025-12-11");
    CHECK(warnings({.ends = 24h * 14}).empty());
}

TEST_CASE("a certificate that is not for servers or names no host gives a warning")
{
    check_warning({.extended_use = "clientAuth"}, "is for clients only");
    check_warning({.extended_use = "codeSigning"}, "is not for servers");
    check_warning({.use = "critical,keyEncipherment"}, "has a keyUsage without digitalSignature");
    check_warning({.hosts = nullptr}, "names no host (it has no subjectAltName");
    check_warning({.hosts = "email:root@example.org"}, "names no host");
}

TEST_CASE("all errors of a certificate and of its chain are reported")
{
    CHECK(warnings({.ends = -1s, .hosts = nullptr, .extended_use = "clientAuth"}).size() == 3);
    auto const found = warnings({}, {.ends = -1s});
    REQUIRE(found.size() == 1);
    CHECK(found.front() == "is followed by number 2 in its file, which expired on 2025-11-27");
}

TEST_CASE("the explanation of a verify result has all errors in printable ASCII")
{
    CHECK(explain(X509_V_OK).empty());
    CHECK(explain(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT).empty());
    CHECK(explain(X509_V_ERR_CERT_HAS_EXPIRED, {.ends = -24h}) == "expired on 2025-11-27");
    CHECK(explain(X509_V_ERR_HOSTNAME_MISMATCH) == "is for another host: example.org");
    CHECK(explain(X509_V_ERR_IP_ADDRESS_MISMATCH, {.hosts = "DNS:a,DNS:b,IP:2001:db8::1,DNS:c,DNS:d"}) ==
          "is for another host: a, b, 2001:db8::1 and 2 more");
    CHECK(explain(X509_V_ERR_HOSTNAME_MISMATCH, {.hosts = nullptr}).find("names no host") == 0);
    CHECK(explain(X509_V_ERR_INVALID_PURPOSE, {.extended_use = "clientAuth"}).find("is for clients only") == 0);
    auto const unknown = explain(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, {.ends = -24h});
    CHECK(unknown == "is from CN=Test \\1B[2J, which is no authority that this system knows and expired on 2025-11-27");
    CHECK(explain(X509_V_ERR_EE_KEY_TOO_SMALL).find("does not pass: ") == 0);
}
