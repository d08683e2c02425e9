#include "auth/totp.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>

#include <array>
#include <stdexcept>

#include "auth/base32.hpp"

namespace porter::detail::auth {
namespace {

constexpr std::string_view issuer = "Porter";

using sha1_sum = std::array<unsigned char, 20>;

sha1_sum hmac_sha1(std::string_view key, std::array<unsigned char, 8> const& text)
{
    sha1_sum sum{};
    unsigned size = 0;
    auto const* const done =
        HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), text.data(), text.size(), sum.data(), &size);
    if (done == nullptr || size != sum.size()) throw std::runtime_error{"OpenSSL cannot compute HMAC-SHA-1"};
    return sum;
}

/// A part of a URI: all but unreserved characters in percent-encoding.
std::string percent_encoded(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (auto const character : text) {
        auto const byte = static_cast<unsigned char>(character);
        if (unreserved.find(character) != std::string_view::npos) {
            encoded += character;
        } else {
            encoded += {'%', digits[byte >> 4U], digits[byte & 0xfU]};
        }
    }
    return encoded;
}

}  // namespace

base::secret new_totp_secret()
{
    std::array<char, totp_secret_size> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    base::secret secret{std::string_view{bytes.data(), bytes.size()}};
    sodium_memzero(bytes.data(), bytes.size());
    return secret;
}

std::string hotp(std::string_view secret, std::int64_t counter, unsigned digits)
{
    std::array<unsigned char, 8> text{};
    auto rest = static_cast<std::uint64_t>(counter);
    for (auto byte = text.rbegin(); byte != text.rend(); ++byte, rest >>= 8U) {
        *byte = static_cast<unsigned char>(rest & 0xffU);
    }
    auto const sum = hmac_sha1(secret, text);
    // Dynamic truncation, RFC 4226, 5.3.
    std::size_t const offset = sum.back() & 0xfU;
    std::uint32_t number = sum[offset] & 0x7fU;
    for (std::size_t i = 1; i < 4; ++i) number = (number << 8U) | sum[offset + i];
    std::string code(digits, '0');
    for (auto digit = code.rbegin(); digit != code.rend(); ++digit, number /= 10) {
        *digit = static_cast<char>('0' + number % 10);
    }
    return code;
}

std::int64_t totp_step_of(base::timestamp time) noexcept
{
    return time.time_since_epoch() / totp_step;
}

std::optional<std::int64_t> matching_step(std::string_view secret, std::string_view code, base::timestamp now)
{
    if (code.size() != totp_digits) return std::nullopt;
    std::optional<std::int64_t> found;
    auto const current = totp_step_of(now);
    for (auto step = current - totp_skew; step <= current + totp_skew; ++step) {
        if (sodium_memcmp(hotp(secret, step).data(), code.data(), code.size()) == 0) found = step;
    }
    return found;
}

std::string otpauth_uri(std::string_view account, std::string_view secret)
{
    std::string uri{"otpauth://totp/"};
    uri += std::string{issuer} + ':' + percent_encoded(account);
    uri += "?secret=" + encode_base32(secret) + "&issuer=" + std::string{issuer};
    uri += "&algorithm=SHA1&digits=" + std::to_string(totp_digits) + "&period=" + std::to_string(totp_step.count());
    return uri;
}

}  // namespace porter::detail::auth
