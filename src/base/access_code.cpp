#include "base/access_code.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>

#include <span>

namespace porter {

namespace {

constexpr std::size_t data_length = 26;  // of five bits each
constexpr std::size_t code_length = detail::base::access_code_length;
constexpr std::size_t group_length = 4;
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static_assert(alphabet.size() == 32 && data_length * 5 >= 128);

using digits = std::array<unsigned char, code_length>;

/// A prime: its remainder changes with each mistyped digit and with each two neighbours that are swapped.
constexpr unsigned modulus = 1021;

unsigned check_of(std::span<unsigned char const> data) noexcept
{
    unsigned remainder = 0;
    for (auto const digit : data) remainder = (remainder * 32 + digit) % modulus;
    return remainder;
}

bool is_separator(char letter) noexcept
{
    return letter == '-' || letter == ' ' || letter == '\t';
}

std::optional<unsigned char> value_of(char letter) noexcept
{
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    if (letter == 'O') letter = '0';
    if (letter == 'I' || letter == 'L') letter = '1';
    auto const found = alphabet.find(letter);
    if (found == std::string_view::npos) return std::nullopt;
    return static_cast<unsigned char>(found);
}

/// None: it is no code.
std::optional<digits> parse(std::string_view typed) noexcept
{
    digits parsed{};
    std::size_t size = 0;
    for (char const letter : typed) {
        if (is_separator(letter)) continue;
        auto const value = value_of(letter);
        if (!value || size == code_length) return std::nullopt;
        parsed[size++] = *value;
    }
    if (size != code_length) return std::nullopt;
    auto const check = parsed[data_length] * 32U + parsed[data_length + 1];
    if (check_of(std::span{parsed}.first<data_length>()) != check) return std::nullopt;
    return parsed;
}

}  // namespace

bool is_access_code(std::string_view typed) noexcept
{
    return parse(typed).has_value();
}

namespace detail::base {

secret make_access_code()
{
    digits made{};
    randombytes_buf(made.data(), data_length);
    for (auto& digit : made) digit = static_cast<unsigned char>(digit & 31U);
    auto const check = check_of(std::span{made}.first<data_length>());
    made[data_length] = static_cast<unsigned char>(check / 32);
    made[data_length + 1] = static_cast<unsigned char>(check % 32);

    std::array<char, code_length + code_length / group_length - 1> text{};
    std::size_t size = 0;
    for (std::size_t i = 0; i < code_length; ++i) {
        if (i > 0 && i % group_length == 0) text[size++] = '-';
        text[size++] = alphabet[made[i]];
    }
    secret code{std::string_view{text.data(), text.size()}};
    sodium_memzero(text.data(), text.size());
    sodium_memzero(made.data(), made.size());
    return code;
}

std::optional<std::array<std::byte, 32>> digest_of_access_code(std::string_view typed)
{
    auto parsed = parse(typed);
    if (!parsed) return std::nullopt;
    std::array<unsigned char, code_length> text{};
    for (std::size_t i = 0; i < code_length; ++i) text[i] = static_cast<unsigned char>(alphabet[(*parsed)[i]]);
    std::array<std::byte, 32> digest{};
    crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(), text.data(), text.size(),
                       nullptr, 0);
    sodium_memzero(text.data(), text.size());
    sodium_memzero(parsed->data(), parsed->size());
    return digest;
}

}  // namespace detail::base

}  // namespace porter
