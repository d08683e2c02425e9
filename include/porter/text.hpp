#pragma once

#include <string>
#include <string_view>

#include "porter/result.hpp"
#include "porter/secret.hpp"

/// The rules for names and passwords that every server applies (docs/PROTOCOL.md, names and passwords), and the display
/// of untrusted text. All functions may be called on any thread; they throw std::bad_alloc only. "Character" in a
/// reason means code point.
namespace porter {

/// A name as a server stores it (NFC), or the rule that it violates, as a sentence for its user. A text that is far too
/// long is rejected before it costs time.
result<std::string, std::string> normalise_name(std::string_view typed);

/// Whether two texts, typed in any form, are the same name: an account has one name, whatever the case of its letters.
/// Wipes the forms that it computes: one may be a password.
bool names_equal(std::string_view a, std::string_view b);

/// A password in the form that is hashed (NFC), so that every system gives the same hash, or the rule that it violates,
/// as a sentence: valid UTF-8, no control characters, at most 256 code points. A server also requires a minimum length.
result<secret, std::string> normalise_password(std::string_view typed);

/// Untrusted text, made safe for a terminal: control characters, line separators, bidirectional controls and invalid
/// UTF-8 become `\n`, `\x1b`, `\u{202e}`, `\xff`. Backslashes are not escaped, so the result cannot be parsed.
std::string escape(std::string_view text);

}  // namespace porter
