#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/secret.hpp"

/// What a text may have been before it was typed: on the other keyboard, or in the other alphabet. For valid UTF-8 in
/// lower case; what has no other reading stays as it is.
namespace porter::detail::auth {

/// What the keys of a Cyrillic text (ЙЦУКЕН) give on a Latin keyboard (QWERTY): йцукен is qwerty.
base::secret as_latin_keys(std::string_view text);

/// What the keys of a Latin text give on a Cyrillic keyboard: gfhjkm is пароль.
base::secret as_cyrillic_keys(std::string_view text);

/// Cyrillic in Latin letters, as people write it where there are no others: пароль is parol.
base::secret transliterated(std::string_view text);

/// One spelling for all in which people write the same in Latin letters: солнышко, solnyshko and solnishko are one, as
/// are шакал, shakal; щука, shchuka, schuka; alexei, aleksey. It is no word: only good to be compared with another one.
/// For text in lower case.
base::secret canonical_transliteration(std::string_view text);

/// The first `count` code points.
std::string_view first_code_points(std::string_view text, std::size_t count) noexcept;

/// A password as it was typed and as it may have been meant: in lower case, on the other keyboard (with its marks: №;:?
/// are #$^& there), in the other alphabet. The same text may be there more than once. Each is at most `length` code
/// points long, also where one code point became several.
std::array<base::secret, 6> keyboard_variants(base::secret const& password, std::size_t length);

}  // namespace porter::detail::auth
