// Promise N9 of SECURITY.md.
#include "tls/handshake_check.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <string>

#include "support/catch.hpp"
#include "tls/contexts.hpp"

using namespace porter::testing;

namespace {

tls::key_handle new_ec_key(char const* group)
{
    return tls::key_handle{EVP_EC_gen(group)};
}

tls::key_handle new_rsa_key(std::size_t bits)
{
    return tls::key_handle{EVP_RSA_gen(bits)};
}

tls::key_handle new_key_of_type(char const* type)
{
    return tls::key_handle{EVP_PKEY_Q_keygen(nullptr, nullptr, type)};
}

/// A key for PSS signatures only, restricted to this digest.
tls::key_handle new_pss_key(EVP_MD const* digest)
{
    auto* const context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA_PSS, nullptr);
    EVP_PKEY* key = nullptr;
    bool const succeeded = EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1 &&
                           EVP_PKEY_CTX_set_rsa_pss_keygen_md(context, digest) == 1 &&
                           EVP_PKEY_generate(context, &key) == 1;
    EVP_PKEY_CTX_free(context);
    return tls::key_handle{succeeded ? key : nullptr};
}

tls::key_handle new_dsa_key()
{
    auto* const context = EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, nullptr);
    EVP_PKEY* parameters = nullptr;
    bool const has_parameters = EVP_PKEY_paramgen_init(context) == 1 && EVP_PKEY_paramgen(context, &parameters) == 1;
    EVP_PKEY_CTX_free(context);
    if (!has_parameters) return nullptr;
    auto* const generator = EVP_PKEY_CTX_new(parameters, nullptr);
    EVP_PKEY* key = nullptr;
    EVP_PKEY_keygen_init(generator);
    EVP_PKEY_keygen(generator, &key);
    EVP_PKEY_CTX_free(generator);
    EVP_PKEY_free(parameters);
    return tls::key_handle{key};
}

void check_unusable(tls::key_handle const& key, std::string const& kind)
{
    REQUIRE(key);
    auto const error = tls::key_error(*key);
    INFO(kind);
    REQUIRE(error);
    CHECK(error->find("which is " + kind) != std::string::npos);
    CHECK(error->find("P-256, P-384 or P-521, Ed25519, or RSA") != std::string::npos);
}

}  // namespace

TEST_CASE("keys of every type that the message names can be used")
{
    for (auto const* group : {"P-256", "P-384", "P-521"}) CHECK_FALSE(tls::key_error(*new_ec_key(group)));
    CHECK_FALSE(tls::key_error(*new_key_of_type("ED25519")));
    CHECK_FALSE(tls::key_error(*new_rsa_key(2048)));
    CHECK_FALSE(tls::key_error(*new_pss_key(EVP_sha256())));
    CHECK_FALSE(tls::key_error(*new_pss_key(EVP_sha384())));
}

TEST_CASE("a key that no client can use gives an error that names its type and the usable types")
{
    check_unusable(new_ec_key("secp256k1"), "EC on secp256k1");
    check_unusable(new_ec_key("brainpoolP256r1"), "EC on brainpoolP256r1");
    check_unusable(new_rsa_key(1024), "RSA of 1024 bits");
    check_unusable(new_dsa_key(), "DSA of ");
    check_unusable(new_key_of_type("ED448"), "ED448");
    check_unusable(new_key_of_type("X448"), "X448");
    check_unusable(new_key_of_type("X25519"), "X25519");
}

TEST_CASE("a chain that no client accepts is an error although its key can be used")
{
    CHECK_FALSE(tls::handshake_error(new_key()));
    auto key = tls::make_key();
    std::vector<tls::certificate_handle> chain;
    for (int i = 0; i < 400; ++i)
        chain.push_back(tls::make_certificate(*key, porter::detail::base::system_clock{}.now()));
    CHECK(tls::handshake_error({std::move(key), std::move(chain)}));
}
