#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The texts of libcrypt: a setting (method, parameters, salt) and a digest after it. All functions are fast.
namespace porter::detail::auth {

enum class crypt_check : std::uint8_t {
    fits,
    damaged,     ///< not what crypt writes
    too_costly,  ///< beyond the bounds of foreign_function.hpp
};

/// Whether the text is a hash of bcrypt ($2a$, $2b$, $2y$), sha256-crypt ($5$), sha512-crypt ($6$) or yescrypt ($y$)
/// that is computed.
crypt_check check_crypt(std::string_view text) noexcept;

/// Whether the text is the setting of a hash that check_crypt() accepts.
bool is_crypt_setting(std::string_view text);

/// The number of characters of the digest, by the method at the beginning of a setting or hash; 0: unknown.
std::size_t crypt_digest_length(std::string_view text) noexcept;

/// The setting in a hash that check_crypt() accepts.
std::string_view crypt_setting_of(std::string_view text) noexcept;

/// See is_weak().
bool is_weak_crypt(std::string_view setting) noexcept;

}  // namespace porter::detail::auth
