// Keys and certificates in PEM: what is read is written so that it reads the same. Input: a file.
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <new>
#include <optional>

#include "fuzz/fuzzer.hpp"
#include "porter/start_error.hpp"
#include "tls/certificate_check.hpp"
#include "tls/certified_key.hpp"
#include "tls/context.hpp"

namespace porter::fuzzing {
namespace {

namespace base = detail::base;
namespace tls = detail::tls;
using detail::base::secret;

tls::key_handle check_key(secret const& file)
{
    auto key = tls::key_from_pem(file);
    if (!key) return key;
    std::optional<secret> written;
    try {
        written.emplace(tls::to_pem(*key));
    } catch (std::bad_alloc const&) {
        return key;  // a key that OpenSSL reads and cannot write, such as one without its private part
    }
    require(tls::key_from_pem(*written) != nullptr, "a key that is written can be read");
    return key;
}

std::vector<tls::certificate_handle> check_chain(std::string_view file)
{
    auto chain = tls::chain_from_pem(file);
    std::string written;
    for (auto const& one : chain) written += tls::to_pem(*one);
    auto const again = tls::chain_from_pem(written);
    require(again.size() == chain.size(), "as many certificates are read as were written");
    for (std::size_t i = 0; i < chain.size(); ++i) {
        require(tls::fingerprint(*again[i]) == tls::fingerprint(*chain[i]), "each has the same fingerprint");
    }
    return chain;
}

/// What is told of a certificate stands on terminals and in the log, and a hostile server made it.
void check_explanation(x509_st& certificate)
{
    constexpr long some_time = 1'764'288'000;
    for (long const verdict : {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_HOSTNAME_MISMATCH}) {
        auto const text = tls::explain_verdict(certificate, verdict, base::timestamp{std::chrono::seconds{some_time}});
        require(!text.empty() && text.size() < 2000, "it is explained in a few words");
        require(std::ranges::all_of(text, [](char each) { return each >= ' ' && each <= '~'; }), "in printable ones");
    }
}

}  // namespace

void check(std::string_view file)
{
    auto key = check_key(secret{file});
    auto chain = check_chain(file);
    for (auto const& each : chain) check_explanation(*each);
    if (!key || chain.empty() || !tls::fits(*key, *chain.front())) return;
    try {
        tls::server_context const context{{std::move(key), std::move(chain)}};
    } catch (start_error const&) {
        // OpenSSL thinks the key too weak
    }
}

}  // namespace porter::fuzzing
