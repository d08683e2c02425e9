// Keys and certificates in PEM: a file that is read and written again reads the same. Input: a file.
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
        return key;  // OpenSSL reads some keys that it cannot write, such as those without a private part
    }
    require(tls::key_from_pem(*written) != nullptr, "a key that is written can be read");
    return key;
}

std::vector<tls::certificate_handle> check_chain(std::string_view file)
{
    auto chain = tls::chain_from_pem(file);
    std::string written;
    for (auto const& each : chain) written += tls::to_pem(*each);
    auto const again = tls::chain_from_pem(written);
    require(again.size() == chain.size(), "as many certificates are read as were written");
    for (std::size_t i = 0; i < chain.size(); ++i) {
        require(tls::fingerprint(*again[i]) == tls::fingerprint(*chain[i]), "each has the same fingerprint");
    }
    return chain;
}

/// The explanation is written to terminals and to the log, and a hostile server may have made the certificate.
void check_explanation(x509_st& certificate)
{
    constexpr long some_time = 1'764'288'000;
    for (long const verify_result : {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_HOSTNAME_MISMATCH}) {
        auto const text =
            tls::explain_verify_result(certificate, verify_result, base::timestamp{std::chrono::seconds{some_time}});
        require(!text.empty() && text.size() < 2000, "the explanation is short");
        require(std::ranges::all_of(text, [](char each) { return each >= ' ' && each <= '~'; }),
                "the explanation is printable");
    }
}

}  // namespace

void check(std::string_view file)
{
    auto key = check_key(secret{file});
    auto chain = check_chain(file);
    for (auto const& each : chain) check_explanation(*each);
    if (!key || chain.empty() || !tls::matches(*key, *chain.front())) return;
    try {
        tls::server_context const context{{std::move(key), std::move(chain)}};
    } catch (start_error const&) {
        // OpenSSL rejects the key as too weak
    }
}

}  // namespace porter::fuzzing
