#include "auth/argon2_text.hpp"

#include <sodium/crypto_pwhash_argon2i.h>
#include <sodium/crypto_pwhash_argon2id.h>
#include <sodium/utils.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "auth/encoding.hpp"

namespace porter::detail::auth {
namespace {

constexpr std::string_view argon2i = "$argon2i$v=19$m=";
constexpr std::string_view argon2id = "$argon2id$v=19$m=";
constexpr std::uint64_t most_lanes = 64;
constexpr std::size_t most_bytes = 64;  // of the salt and of the digest

/// Removes a number and the text after it.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view after) noexcept
{
    auto const end = text.find(after);
    if (end == std::string_view::npos) return std::nullopt;
    auto const number = read_number(text.substr(0, end), UINT32_MAX);
    text.remove_prefix(end + after.size());
    if (!number) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

/// Whether the text is base64 of at least this number of bytes. Strict: libsodium accepts bytes beyond ASCII.
bool is_base64(std::string_view text, std::size_t least) noexcept
{
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    std::array<unsigned char, most_bytes> bytes{};
    std::array<char, sodium_base64_ENCODED_LEN(most_bytes, variant)> again{};
    std::size_t size = 0;
    if (text.size() >= again.size() || text.empty()) return false;
    int const failed =
        sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr, variant);
    if (failed != 0 || size < least) return false;
    sodium_bin2base64(again.data(), again.size(), bytes.data(), size, variant);
    return text == again.data();
}

}  // namespace

std::optional<base::hash_cost> argon2_cost_of(std::string_view text) noexcept
{
    if (text.starts_with(argon2id)) {
        text.remove_prefix(argon2id.size());
    } else if (text.starts_with(argon2i)) {
        text.remove_prefix(argon2i.size());
    } else {
        return std::nullopt;
    }
    auto const memory = take_number(text, ",t=");
    auto const passes = take_number(text, ",p=");
    auto const lanes = take_number(text, "$");
    if (!memory || !passes || !lanes || *lanes == 0 || *lanes > most_lanes) return std::nullopt;
    if (*memory / 8 < *lanes || *passes == 0) return std::nullopt;
    auto const salt = text.substr(0, text.find('$'));
    if (salt.size() == text.size()) return std::nullopt;
    if (!is_base64(salt, 8) || !is_base64(text.substr(salt.size() + 1), 16)) return std::nullopt;
    return base::hash_cost{*memory, *passes};
}

hash_function::verify_result verify_argon2(std::string const& text, std::string_view password) noexcept
{
    using verify_result = hash_function::verify_result;
    auto const* const phrase = password.empty() ? "" : password.data();
    auto const verify =
        text.starts_with(argon2id) ? &crypto_pwhash_argon2id_str_verify : &crypto_pwhash_argon2i_str_verify;
    errno = 0;
    if (verify(text.c_str(), phrase, password.size()) == 0) return verify_result::match;
    return errno == EINVAL ? verify_result::mismatch : verify_result::failed;  // else there was no memory
}

}  // namespace porter::detail::auth
