#include "sessions/token.hpp"

#include <sodium/core.h>
#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>

#include <array>

#include "porter/start_error.hpp"

namespace porter::detail::sessions {
namespace {

constexpr std::string_view prefix = "prt_";
constexpr std::size_t raw_size = 32;
constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::size_t encoded_size = sodium_base64_ENCODED_LEN(raw_size, variant);  // with the zero at its end

static_assert(prefix.size() + encoded_size - 1 == 47);

}  // namespace

system_token_source::system_token_source()
{
    if (sodium_init() < 0) throw start_error(start_errc::configuration, "cannot initialise libsodium");
}

base::secret system_token_source::issue()
{
    std::array<unsigned char, raw_size> raw{};
    randombytes_buf(raw.data(), raw.size());
    std::array<char, prefix.size() + encoded_size> text{};
    prefix.copy(text.data(), prefix.size());
    sodium_bin2base64(text.data() + prefix.size(), encoded_size, raw.data(), raw.size(), variant);
    base::secret token{std::string_view{text.data(), text.size() - 1}};
    sodium_memzero(raw.data(), raw.size());
    sodium_memzero(text.data(), text.size());
    return token;
}

std::optional<store::token_digest> digest_of(std::string_view token)
{
    if (token.size() != prefix.size() + encoded_size - 1 || !token.starts_with(prefix)) return std::nullopt;
    auto const encoded = token.substr(prefix.size());
    std::array<unsigned char, raw_size> raw{};
    // Strict: with no characters to ignore, libsodium accepts only the canonical encoding and nothing after it.
    int const failed =
        sodium_base642bin(raw.data(), raw.size(), encoded.data(), encoded.size(), nullptr, nullptr, nullptr, variant);
    if (failed != 0) return std::nullopt;
    store::token_digest digest{};
    crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(), raw.data(), raw.size(), nullptr,
                       0);
    sodium_memzero(raw.data(), raw.size());
    return digest;
}

}  // namespace porter::detail::sessions
