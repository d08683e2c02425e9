#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/secret.hpp"

/// Variants of a text: on the other keyboard layout, or in the other alphabet. For valid UTF-8 in lower case;
/// characters without a counterpart stay.
namespace porter::detail::auth {

/// The keys of a Cyrillic text (ЙЦУКЕН) on a Latin keyboard (QWERTY): йцукен is qwerty.
base::secret as_latin_keys(std::string_view text);

/// The keys of a Latin text on a Cyrillic keyboard: gfhjkm is пароль.
base::secret as_cyrillic_keys(std::string_view text);

/// Cyrillic in Latin letters: пароль is parol.
base::secret transliterated(std::string_view text);

/// One spelling for all transliterations of a word: солнышко, solnyshko and solnishko have the same, as have шакал,
/// shakal; щука, shchuka, schuka; alexei, aleksey. Only for comparison with another one. For text in lower case.
base::secret canonical_transliteration(std::string_view text);

/// The first `count` code points.
std::string_view first_code_points(std::string_view text, std::size_t count) noexcept;

/// A password as typed, in lower case, on the other keyboard layout (including marks: №;:? are #$^& there), and in the
/// other alphabet. May contain the same text more than once. Each is cut to `length` code points, also when one code
/// point became several.
std::array<base::secret, 6> keyboard_variants(base::secret const& password, std::size_t length);

}  // namespace porter::detail::auth
