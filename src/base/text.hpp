#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "porter/result.hpp"
#include "porter/text.hpp"

/// The rules for names and passwords, the comparison of names, and the display of untrusted text: what porter/text.hpp
/// has, and what only this library needs.
namespace porter::detail::base {

inline constexpr std::size_t max_name_length = 64;       ///< code points after NFC
inline constexpr std::size_t max_folded_name = 256;      ///< code points of a new name's folded form
inline constexpr std::size_t max_password_length = 256;  ///< code points after NFC: at most 1,024 bytes

/// The text in Unicode's normalisation form C, or none when it is not valid UTF-8. The time grows with the square of
/// the number of combining marks in a row: bound untrusted input first.
std::optional<std::string> nfc(std::string_view text);

/// The number of code points of a valid UTF-8 text.
std::size_t count_code_points(std::string_view text) noexcept;

using porter::escape;
using porter::names_equal;
using porter::normalise_name;
using porter::normalise_password;

/// normalise_name() for a new name, which is also rejected when its folded form has more than `max_folded_name` code
/// points: one code point may fold to 18, and the store keeps both forms. Existing names may be longer.
result<std::string, std::string> normalise_new_name(std::string_view typed);

/// The key of an account: two names with the same folded form are one account. NFKC case folding (Unicode's
/// toNFKC_Casefold) of a name from `normalise_name`. Idempotent. Empty when the text is not valid UTF-8.
std::string fold_name(std::string_view name);

/// The text with its ASCII letters in lower case.
std::string lower(std::string text);

/// The columns of a terminal that a text takes; an estimate, as terminals differ.
std::size_t display_width(std::string_view text) noexcept;

}  // namespace porter::detail::base
