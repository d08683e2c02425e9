#include "auth/recovery_code.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>

#include <array>
#include <string>

#include "auth/base32.hpp"

namespace porter::detail::auth {
namespace {

constexpr std::size_t raw_size = 10;
constexpr std::size_t letter_count = 16;
constexpr std::size_t group_size = 4;

char lower(char letter) noexcept
{
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_base32(char letter) noexcept
{
    return (letter >= 'a' && letter <= 'z') || (letter >= '2' && letter <= '7');
}

}  // namespace

base::secret new_recovery_code()
{
    std::array<char, raw_size> raw{};
    randombytes_buf(raw.data(), raw.size());
    auto letters = encode_base32({raw.data(), raw.size()});
    sodium_memzero(raw.data(), raw.size());
    std::string code;
    code.reserve(letter_count + letter_count / group_size);
    for (std::size_t i = 0; i < letters.size(); ++i) {
        if (i > 0 && i % group_size == 0) code += '-';
        code += lower(letters[i]);
    }
    base::secret made{code};
    base::wipe(letters);
    base::wipe(code);
    return made;
}

std::optional<store::token_digest> digest_of_recovery_code(std::string_view text)
{
    std::string letters;
    letters.reserve(letter_count);
    for (auto const character : text) {
        if (character == '-' || character == ' ') continue;
        if (!is_base32(lower(character)) || letters.size() == letter_count) return std::nullopt;
        letters += lower(character);
    }
    if (letters.size() != letter_count) return std::nullopt;
    store::token_digest digest{};
    crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(),
                       reinterpret_cast<unsigned char const*>(letters.data()), letters.size(), nullptr, 0);
    base::wipe(letters);
    return digest;
}

}  // namespace porter::detail::auth
