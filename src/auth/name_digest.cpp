#include "auth/name_digest.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>

namespace porter::detail::auth {

name_key random_name_key()
{
    name_key key{};
    randombytes_buf(key.data(), key.size());
    return key;
}

name_key derive_name_key(std::string_view secret)
{
    // The label gives other uses of the secret other keys.
    constexpr std::string_view label = "porter: names without an account";
    static_assert(label.size() >= crypto_generichash_KEYBYTES_MIN && label.size() <= crypto_generichash_KEYBYTES_MAX);
    name_key key{};
    crypto_generichash(reinterpret_cast<unsigned char*>(key.data()), key.size(),
                       reinterpret_cast<unsigned char const*>(secret.data()), secret.size(),
                       reinterpret_cast<unsigned char const*>(label.data()), label.size());
    return key;
}

store::name_digest digest_of(std::string_view name, name_key const& key)
{
    store::name_digest digest{};
    crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(),
                       reinterpret_cast<unsigned char const*>(name.data()), name.size(),
                       reinterpret_cast<unsigned char const*>(key.data()), key.size());
    return digest;
}

}  // namespace porter::detail::auth
