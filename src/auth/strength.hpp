#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "auth/common_passwords.hpp"
#include "base/secret.hpp"

namespace porter::detail::auth {

/// The number of code points of a variant that are estimated. zxcvbn's time grows with the fifth power of the length of
/// a walk back and forth on the keyboard ("656565..."): 6 ms for 28, 31 ms for 40, 880 ms for 80. With this bound the
/// six variants of a password take less than 50 ms of CPU. Further characters make no password weaker, and a passphrase
/// reaches the required bits long before it.
inline constexpr std::size_t estimated_length = 30;

/// Why a password is easy to guess; none: it is not. A password that `common` contains is; otherwise zxcvbn (Wheeler,
/// USENIX Security 2016) estimates it, with the account's name, its words and "porter" as dictionary words. zxcvbn
/// knows English only, so the variants on the other keyboard layout (ЙЦУКЕН, QWERTY) and transliterated from Cyrillic
/// are estimated, too. Takes up to 50 ms of CPU. Both texts are normalised.
std::optional<std::string> strength_error(base::secret const& password, std::string_view name,
                                          common_passwords const& common = common_passwords::built_in());

}  // namespace porter::detail::auth
