#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace porter::detail::auth {

/// How other programs turn a password into a digest.
enum class foreign_algorithm : std::uint8_t {
    sha1,  ///< of the password and the salt, once
    sha256,
    sha512,
    pbkdf2_sha1,
    pbkdf2_sha256,
    pbkdf2_sha512,
    scrypt,
    crypt,  ///< of libcrypt: bcrypt, yescrypt, sha256-crypt, sha512-crypt
};

/// The function that made the hash of an imported account, with its parameters.
struct foreign_function {
    foreign_algorithm algorithm = foreign_algorithm::sha1;
    std::string salt;          ///< bytes; crypt: its setting, such as "$6$rounds=10000$salt"
    std::uint64_t rounds = 0;  ///< iterations of PBKDF2; N of scrypt
    std::uint32_t r = 0;       ///< of scrypt
    std::uint32_t p = 0;       ///< of scrypt

    friend bool operator==(foreign_function const&, foreign_function const&) = default;
};

/// The bounds of what is computed, so that no imported hash occupies a thread for more than seconds: each takes about
/// three seconds at most on one core of 2020, sha-crypt only for the longest passwords.
inline constexpr std::uint64_t most_foreign_memory = std::uint64_t{256} << 20;  ///< bytes, of scrypt and yescrypt
inline constexpr std::uint64_t most_scrypt_work = std::uint64_t{512} << 20;     ///< bytes of memory times p
inline constexpr std::uint32_t most_bcrypt_cost = 14;
inline constexpr std::uint32_t most_sha_crypt_rounds = 1'000'000;
inline constexpr std::uint32_t most_pbkdf2_rounds = 2'000'000;

/// The length of the digest in characters (crypt) or bytes (others).
std::size_t digest_length(foreign_function const& function) noexcept;

/// The digest of a password, by libcrypt or OpenSSL. Empty: the function cannot have made a hash of this password,
/// which has a NUL or is too long. None: no memory. Slow. Throws std::bad_alloc.
std::optional<std::string> compute(foreign_function const& function, std::string_view password);

/// Whether stolen digests are searched cheaply, because the function uses hardly any memory. bcrypt is not weak from
/// cost 10 on (OWASP).
bool is_weak(foreign_function const& function) noexcept;

/// The function as text without line breaks, such as "pbkdf2-sha256:260000:bmFjbA".
std::string text_of(foreign_function const& function);

/// The function in a text; none: it is no text of text_of(), or beyond the bounds. Throws std::bad_alloc.
std::optional<foreign_function> read_function(std::string_view text);

}  // namespace porter::detail::auth
