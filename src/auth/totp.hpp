#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"

/// One-time codes by time (TOTP, RFC 6238) with the parameters that every authenticator takes: HMAC-SHA-1, 6 digits, a
/// step of 30 s.
namespace porter::detail::auth {

inline constexpr std::size_t totp_secret_size = 20;  ///< bytes, as RFC 4226 recommends
inline constexpr unsigned totp_digits = 6;
inline constexpr std::chrono::seconds totp_step{30};

/// The clock of a phone may be this many steps ahead or behind, and a code may be typed slowly.
inline constexpr std::int64_t totp_skew = 1;

/// A new secret: random bytes.
base::secret new_totp_secret();

/// The code of a counter (HOTP, RFC 4226). Throws std::runtime_error if OpenSSL has no SHA-1.
std::string hotp(std::string_view secret, std::int64_t counter, unsigned digits = totp_digits);

/// The time step of a time.
std::int64_t totp_step_of(base::timestamp time) noexcept;

/// The latest time step around `now` whose code this is; none: it is wrong. The time that it takes does not depend on
/// the code.
std::optional<std::int64_t> matching_step(std::string_view secret, std::string_view code, base::timestamp now);

/// The URI that an authenticator takes, as a QR code or typed: otpauth://totp/... It contains the secret.
std::string otpauth_uri(std::string_view account, std::string_view secret);

}  // namespace porter::detail::auth
