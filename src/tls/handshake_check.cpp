#include "tls/handshake_check.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "porter/start_error.hpp"
#include "tls/engine.hpp"

namespace porter::detail::tls {
namespace {

constexpr auto usable_kinds = "EC on P-256, P-384 or P-521, Ed25519, or RSA or RSA-PSS of 2048 bits or more";

/// Moves as much output of one engine as fits to the other's input; false: nothing was moved.
bool transfer(engine& source, engine& target)
{
    auto const output = source.bytes().output();
    if (output.empty()) return false;
    auto const space = target.bytes().free_space();
    auto const size = std::min(space.size(), output.size());
    std::copy_n(output.begin(), size, space.begin());
    target.bytes().commit(size);
    source.bytes().consume(size);
    return size != 0;
}

/// OpenSSL's name of the type, with its group or size.
std::string kind_of(evp_pkey_st const& key)
{
    auto const* const type = EVP_PKEY_get0_type_name(&key);
    std::string const name = type != nullptr ? type : "of an unknown type";
    std::array<char, 64> group{};
    bool const has_group =
        EVP_PKEY_is_a(&key, "EC") == 1 && EVP_PKEY_get_group_name(&key, group.data(), group.size(), nullptr) == 1;
    if (has_group) return name + " on " + group.data();
    bool const is_sized = std::ranges::any_of(std::array{"RSA", "RSA-PSS", "DSA", "DH"},
                                              [&](char const* each) { return EVP_PKEY_is_a(&key, each) == 1; });
    return is_sized ? name + " of " + std::to_string(EVP_PKEY_get_bits(&key)) + " bits" : name;
}

std::optional<std::string> error_with_own_certificate(evp_pkey_st& key)
{
    auto certificate = make_certificate(key, base::timestamp{});  // the handshake does not check its dates
    if (!certificate) return "it cannot sign";
    EVP_PKEY_up_ref(&key);
    std::vector<certificate_handle> chain;
    chain.push_back(std::move(certificate));
    return handshake_error({key_handle{&key}, std::move(chain)});
}

}  // namespace

std::optional<std::string> handshake_error(certified_key const& key)
{
    try {
        server_context const server_side{key};
        client_context const client_side{authorities::none};
        engine server{server_side};
        engine client{client_side, "localhost"};
        do {
            if (client.handshake() == engine::progress::failed) return client.error().message();
            if (server.handshake() == engine::progress::failed) return server.error().message();
            if (client.is_established() && server.is_established()) return std::nullopt;
        } while (transfer(client, server) || transfer(server, client));
        return "the handshake does not end";
    } catch (start_error const& error) {
        return error.what();
    }
}

std::optional<std::string> key_error(evp_pkey_st& key)
{
    auto const error = error_with_own_certificate(key);
    if (!error) return std::nullopt;
    return "no TLS 1.3 client can use this key, which is " + kind_of(key) + " (" + *error + "): the key must be " +
           usable_kinds;
}

}  // namespace porter::detail::tls
