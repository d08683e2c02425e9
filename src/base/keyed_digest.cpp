#include "base/keyed_digest.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>

namespace porter::detail::base {

namespace {

unsigned char const* bytes_of(std::string_view text) noexcept
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

}  // namespace

std::string keyed_digest(std::string_view message, digest_key const& key)
{
    std::string digest(crypto_generichash_BYTES, '\0');
    crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(), bytes_of(message),
                       message.size(), reinterpret_cast<unsigned char const*>(key.data()), key.size());
    return digest;
}

digest_key random_digest_key()
{
    digest_key key{};
    randombytes_buf(key.data(), key.size());
    return key;
}

digest_key derive_digest_key(std::string_view secret, std::string_view label)
{
    digest_key key{};
    crypto_generichash(reinterpret_cast<unsigned char*>(key.data()), key.size(), bytes_of(secret), secret.size(),
                       bytes_of(label), label.size());
    return key;
}

}  // namespace porter::detail::base
