#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "porter/result.hpp"

/// The rules for names and passwords (docs/PROTOCOL.md, names and passwords), the comparison of names, and the display
/// of untrusted text. "Character" in a reason means code point.
namespace porter::detail::base {

inline constexpr std::size_t max_name_length = 64;       ///< code points after NFC
inline constexpr std::size_t max_folded_name = 256;      ///< code points of a new name's folded form
inline constexpr std::size_t max_password_length = 256;  ///< code points after NFC: at most 1,024 bytes

/// The text in Unicode's normalisation form C, or none when it is not valid UTF-8. The time grows with the square of
/// the number of combining marks in a row: bound untrusted input first.
std::optional<std::string> nfc(std::string_view text);

/// The number of code points of a valid UTF-8 text.
std::size_t count_code_points(std::string_view text) noexcept;

/// A name as stored (NFC), or the rule that it violates, as a sentence for its user. A text that is far too long is
/// rejected before it costs time.
result<std::string, std::string> normalise_name(std::string_view typed);

/// The same for a new name, which is also rejected when its folded form has more than `max_folded_name` code points:
/// one code point may fold to 18, and the store keeps both forms. Existing names may be longer.
result<std::string, std::string> normalise_new_name(std::string_view typed);

/// The key of an account: two names with the same folded form are one account. NFKC case folding (Unicode's
/// toNFKC_Casefold) of a name from `normalise_name`. Idempotent. Empty when the text is not valid UTF-8.
std::string fold_name(std::string_view name);

/// Whether two texts, typed in any form, are the same name. Wipes the forms that it computes: one may be a password.
bool names_equal(std::string_view a, std::string_view b);

/// A password in the form that is hashed (NFC), so that every system gives the same hash, or the rule that it violates:
/// valid UTF-8, no control characters, at most `max_password_length`. The minimum length is checked elsewhere.
result<secret, std::string> normalise_password(std::string_view typed);

/// Untrusted text, made safe for a terminal: control characters, line separators, bidirectional controls and invalid
/// UTF-8 become `\n`, `\x1b`, `\u{202e}`, `\xff`. Backslashes are not escaped, so the result cannot be parsed.
std::string escape(std::string_view text);

/// The text with its ASCII letters in lower case.
std::string lower(std::string text);

/// The columns of a terminal that a text takes; an estimate, as terminals differ.
std::size_t display_width(std::string_view text) noexcept;

}  // namespace porter::detail::base
