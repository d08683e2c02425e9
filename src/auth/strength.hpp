#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "auth/common_passwords.hpp"
#include "base/secret.hpp"

namespace porter::detail::auth {

/// The number of code points of a reading that are estimated. zxcvbn's time grows with the fifth power of the length of
/// a walk to and fro on the keyboard ("656565..."): 6 ms for 28, 31 ms for 40, 880 ms for 80. With this bound the six
/// readings of the dearest password take less than 50 ms of CPU. What stands behind it makes no password weaker, and a
/// passphrase reaches the demanded bits long before it.
inline constexpr std::size_t estimated_length = 30;

/// Why a password is among the first that an attacker tries, or none. It must not be `common`; then zxcvbn (Wheeler,
/// USENIX Security 2016) estimates it, with the account's name, the words of it and "porter" as words that are tried
/// first. zxcvbn knows English only, so what the same keys give on the other keyboard (ЙЦУКЕН, QWERTY) and the
/// transliteration from Cyrillic are estimated, too. Takes up to 50 ms of CPU. Both texts are normalised.
std::optional<std::string> strength_error(base::secret const& password, std::string_view name,
                                          common_passwords const& common = common_passwords::built_in());

}  // namespace porter::detail::auth
