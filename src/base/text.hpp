#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "porter/error.hpp"

/// Unicode as Porter needs it: what a name and a password may be (docs/PROTOCOL.md, names and passwords), when two
/// names are one, and how text of others is shown. "Character" in a reason means code point.
namespace porter::detail::base {

inline constexpr std::size_t max_name_length = 64;       ///< code points after NFC
inline constexpr std::size_t max_folded_name = 256;      ///< code points of a new name's folded form
inline constexpr std::size_t max_password_length = 256;  ///< code points after NFC: at most 1,024 bytes

/// The text in Unicode's normalisation form C, or none when it is not valid UTF-8. The effort grows with the square
/// of the number of combining marks in a row: bound what a peer sent before.
std::optional<std::string> nfc(std::string_view text);

/// How many code points a valid UTF-8 text has.
std::size_t count_code_points(std::string_view text) noexcept;

/// A name as it is kept (NFC), or the rule that it breaks, in words for the person who chose it. What is far too long
/// is refused before it costs anything.
result<std::string, std::string> normalise_name(std::string_view typed);

/// The same for a name that is new: also refused when its folded form has more than `max_folded_name` code points. One
/// code point may fold to 18, and an account is stored with both forms. Names that are older are looked up as they are.
result<std::string, std::string> normalise_new_name(std::string_view typed);

/// What makes two names the same account: NFKC case folding (Unicode's toNFKC_Casefold), for a name as
/// `normalise_name` gives it. Folding twice changes nothing. Empty when the text is not valid UTF-8.
std::string fold_name(std::string_view name);

/// Whether two texts, typed in any form, are the same name. Wipes what it makes of them: one may be a password.
bool names_equal(std::string_view a, std::string_view b);

/// A password in the form that is hashed (NFC), so that it is the same typed on another system, or the rule that its
/// characters break: valid UTF-8, no control characters, at most `max_password_length`. How short it may be is a
/// question of policy, not of characters.
result<secret, std::string> normalise_password(std::string_view typed);

/// Text of others, safe to show on a terminal: control characters, line separators, bidirectional controls and
/// invalid UTF-8 become `\n`, `\x1b`, `\u{202e}`, `\xff`. Backslashes stay, so it is for people's eyes only.
std::string escape(std::string_view text);

/// How many columns of a terminal a text takes; an estimate, as every terminal has its own ideas.
std::size_t display_width(std::string_view text) noexcept;

}  // namespace porter::detail::base
