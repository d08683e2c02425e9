#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace porter::rooms::auth {

/// Why a password is among the first that somebody would try, or none. zxcvbn (Wheeler, USENIX Security 2016) estimates
/// its first 100 code points, with the account's name, the words of it and "porter" as words that are tried first; it
/// knows English only, so what the same keys give on the other keyboard (ЙЦУКЕН, QWERTY) and the transliteration from
/// Cyrillic are estimated, too. Takes up to some milliseconds. Both texts are normalised.
std::optional<std::string> why_guessable(base::secret const& password, std::string_view name);

}  // namespace porter::rooms::auth
