#include "auth/encoding.hpp"

#include <sodium/utils.h>

#include <algorithm>
#include <charconv>

namespace porter::detail::auth {
namespace {

constexpr int padded = sodium_base64_VARIANT_ORIGINAL;
constexpr int unpadded = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;

std::string encode(std::string_view bytes, int variant)
{
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(),
                      variant);
    text.pop_back();  // the NUL that libsodium writes
    return text;
}

}  // namespace

std::string encode_base64(std::string_view bytes)
{
    return encode(bytes, padded);
}

std::optional<std::string> decode_base64(std::string_view text)
{
    int const variant = text.size() % 4 == 0 ? padded : unpadded;
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t size = 0;
    char const* const data = text.empty() ? "" : text.data();
    int const failed = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), data,
                                         text.size(), nullptr, &size, nullptr, variant);
    if (failed != 0) return std::nullopt;
    bytes.resize(size);
    // libsodium 1.0.18 accepts bytes beyond ASCII as letters.
    if (encode(bytes, variant) != text) return std::nullopt;
    return bytes;
}

std::optional<std::string> decode_hex(std::string_view text)
{
    std::string bytes(text.size() / 2, '\0');
    std::size_t size = 0;
    char const* const data = text.empty() ? "" : text.data();
    int const failed = sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), data, text.size(),
                                      nullptr, &size, nullptr);
    if (failed != 0 || size * 2 != text.size()) return std::nullopt;
    return bytes;
}

std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t most) noexcept
{
    bool const has_leading_zero = text.size() > 1 && text.front() == '0';
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || has_leading_zero || error != std::errc{} || end != text.data() + text.size()) return {};
    if (number > most) return std::nullopt;
    return number;
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (;;) {
        auto const part = text.substr(0, text.find(separator));
        parts.push_back(part);
        if (part.size() == text.size()) return parts;
        text.remove_prefix(part.size() + 1);
    }
}

}  // namespace porter::detail::auth
