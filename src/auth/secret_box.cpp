#include "auth/secret_box.hpp"

#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace porter::detail::auth {
namespace {

constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t box_key_digits = 2 * box_key_size;

static_assert(box_key_size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

unsigned char const* bytes_of(std::string_view text) noexcept
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

/// What is authenticated along with a secret.
std::string context_of(store::account_id account)
{
    return "porter: second factor of account " + std::to_string(account);
}

base::secret take_key(std::array<unsigned char, box_key_size>& bytes)
{
    base::secret key{std::string_view{reinterpret_cast<char const*>(bytes.data()), bytes.size()}};
    sodium_memzero(bytes.data(), bytes.size());
    return key;
}

}  // namespace

base::secret new_box_key()
{
    std::array<unsigned char, box_key_size> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    return take_key(bytes);
}

base::secret derive_box_key(std::string_view secret)
{
    // The label gives other uses of the secret other keys.
    constexpr std::string_view label = "porter: secrets of second factors";
    static_assert(label.size() >= crypto_generichash_KEYBYTES_MIN && label.size() <= crypto_generichash_KEYBYTES_MAX);
    std::array<unsigned char, box_key_size> bytes{};
    crypto_generichash(bytes.data(), bytes.size(), bytes_of(secret), secret.size(), bytes_of(label), label.size());
    return take_key(bytes);
}

base::secret text_of_box_key(base::secret const& key)
{
    std::array<char, box_key_digits + 1> digits{};  // with the zero at their end
    sodium_bin2hex(digits.data(), digits.size(), bytes_of(key.view()), key.view().size());
    digits.back() = '\n';
    base::secret text{std::string_view{digits.data(), digits.size()}};
    sodium_memzero(digits.data(), digits.size());
    return text;
}

std::optional<base::secret> box_key_from(std::string_view text)
{
    if (text.size() != box_key_digits + 1 || text.back() != '\n') return std::nullopt;
    std::array<unsigned char, box_key_size> bytes{};
    std::size_t size = 0;
    int const failed = sodium_hex2bin(bytes.data(), bytes.size(), text.data(), box_key_digits, nullptr, &size, nullptr);
    auto key = take_key(bytes);
    if (failed != 0 || size != box_key_size) return std::nullopt;
    return key;
}

secret_box::secret_box(std::vector<base::secret> keys) : keys_(std::move(keys))
{
    for (auto const& key : keys_) {
        if (key.view().size() != box_key_size) throw std::invalid_argument{"secret_box: a key has another size"};
    }
    if (keys_.empty()) throw std::invalid_argument{"secret_box: there is no key"};
}

std::string secret_box::seal(std::string_view secret, store::account_id account) const
{
    std::string sealed(nonce_size + secret.size() + tag_size, '\0');
    auto* const nonce = reinterpret_cast<unsigned char*>(sealed.data());
    randombytes_buf(nonce, nonce_size);
    auto const context = context_of(account);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + nonce_size, nullptr, bytes_of(secret), secret.size(),
                                               bytes_of(context), context.size(), nullptr, nonce,
                                               bytes_of(keys_.front().view()));
    return sealed;
}

std::optional<base::secret> secret_box::open(std::string_view sealed, store::account_id account) const
{
    if (sealed.size() < nonce_size + tag_size) return std::nullopt;
    auto const context = context_of(account);
    auto const encrypted = sealed.substr(nonce_size);
    for (auto const& key : keys_) {
        std::string text(encrypted.size() - tag_size, '\0');
        int const failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
            reinterpret_cast<unsigned char*>(text.data()), nullptr, nullptr, bytes_of(encrypted), encrypted.size(),
            bytes_of(context), context.size(), bytes_of(sealed), bytes_of(key.view()));
        if (failed != 0) continue;
        base::secret opened{text};
        base::wipe(text);
        return opened;
    }
    return std::nullopt;
}

}  // namespace porter::detail::auth
