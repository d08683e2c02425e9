#include "tls/context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include "porter/start_error.hpp"
#include "tls/error.hpp"

namespace porter::detail::tls {
namespace {

/// The ALPN list of one protocol, in wire format.
std::string protocol_list()
{
    return std::string(1, static_cast<char>(protocol.size())) + std::string{protocol};
}

unsigned char const* bytes_of(std::string const& text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

constexpr auto suites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

/// The groups of a key exchange; the first list that this OpenSSL supports is used. OpenSSL's defaults include finite
/// fields of 8,192 bits, which cost the server 150 ms for a ClientHello that costs its sender nothing (D(HE)at,
/// CVE-2002-20001).
constexpr std::array group_lists{"X25519MLKEM768:X25519:P-256:P-384:SecP256r1MLKEM768", "X25519:P-256:P-384"};

/// The PKCS #1 signatures are for certificates only: TLS 1.3 does not use them in handshakes.
constexpr auto signatures =
    "ed25519:ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:"
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:"
    "rsa_pss_pss_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512";

/// 112 bits: RSA keys of 2048 bits, no SHA-1. Debian's default, and upstream's since OpenSSL 3.2.
constexpr int min_security_level = 2;

/// Sets the algorithms, so that they do not depend on OpenSSL's defaults.
void pin_algorithms(SSL_CTX* context)
{
    auto const accepts_groups = [&](char const* list) { return SSL_CTX_set1_groups_list(context, list) == 1; };
    bool const pinned = SSL_CTX_set_ciphersuites(context, suites) == 1 &&
                        std::ranges::any_of(group_lists, accepts_groups) &&
                        SSL_CTX_set1_sigalgs_list(context, signatures) == 1;
    ERR_clear_error();  // from a list that is not supported
    if (!pinned) throw start_error{start_errc::configuration, "this OpenSSL lacks the algorithms of TLS 1.3"};
}

context_handle make_context(SSL_METHOD const* method)
{
    context_handle handle{SSL_CTX_new(method)};
    if (!handle) throw std::bad_alloc{};
    auto* const context = handle.get();
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
    pin_algorithms(context);
    SSL_CTX_set_security_level(context, std::max(SSL_CTX_get_security_level(context), min_security_level));
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_early_data(context, 0);
    // RELEASE_BUFFERS saves 34 KiB for each idle connection. MOVING: a write may be repeated from another address.
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return handle;
}

/// Rejects a client without the ALPN extension: the ALPN callback is called only if there is one.
int check_hello(SSL* session, int* alert, void*)
{
    unsigned char const* offered = nullptr;
    std::size_t size = 0;
    auto const has_alpn =
        SSL_client_hello_get0_ext(session, TLSEXT_TYPE_application_layer_protocol_negotiation, &offered, &size);
    if (has_alpn == 1) return SSL_CLIENT_HELLO_SUCCESS;
    ERR_raise(ERR_LIB_SSL, SSL_R_NO_APPLICATION_PROTOCOL);
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

int choose_protocol(SSL*, unsigned char const** chosen, unsigned char* size, unsigned char const* offered,
                    unsigned int offered_size, void*)
{
    static std::string const supported = protocol_list();
    unsigned char* selected = nullptr;
    auto const outcome = SSL_select_next_proto(&selected, size, bytes_of(supported),
                                               static_cast<unsigned int>(supported.size()), offered, offered_size);
    if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = selected;
    return SSL_TLSEXT_ERR_OK;
}

void demand(int succeeded)
{
    if (succeeded == 1) return;
    throw start_error{start_errc::configuration, take_openssl_error().message()};
}

}  // namespace

server_context::server_context(certified_key const& key) : context_(make_context(TLS_server_method()))
{
    auto* const context = context_.get();
    ERR_clear_error();
    auto const& chain = key.chain();
    demand(SSL_CTX_use_certificate(context, chain.front().get()));
    for (auto each = chain.begin() + 1; each != chain.end(); ++each) {
        demand(static_cast<int>(SSL_CTX_add1_chain_cert(context, each->get())));
    }
    demand(SSL_CTX_use_PrivateKey(context, key.key()));
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_client_hello_cb(context, check_hello, nullptr);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

client_context::client_context(authorities trusted) : context_(make_context(TLS_client_method()))
{
    auto* const context = context_.get();
    static std::string const supported = protocol_list();
    if (SSL_CTX_set_alpn_protos(context, bytes_of(supported), static_cast<unsigned int>(supported.size())) != 0) {
        throw std::bad_alloc{};
    }
    // OpenSSL verifies the chain and keeps the result, but does not end the handshake: see engine::peer().
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    if (trusted == authorities::none) return;
    SSL_CTX_set_default_verify_paths(context);  // if it fails, no certificate is verified
    ERR_clear_error();
}

}  // namespace porter::detail::tls
