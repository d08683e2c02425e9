#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/secret.hpp"
#include "store/records.hpp"

/// Recovery codes, for users who cannot make a one-time code: 80 random bits in base32, as "abcd-efgh-ijkl-mnop". So
/// many bits cannot be guessed from a digest, so a fast one without a salt is enough.
namespace porter::detail::auth {

/// How many an account gets with its second factor.
inline constexpr std::size_t recovery_code_count = 10;

/// A new one.
base::secret new_recovery_code();

/// What the store keeps of it: the BLAKE2b-256 of its letters and digits. Capitals, spaces and hyphens make no
/// difference. None: the text has not the form of a recovery code.
std::optional<store::token_digest> digest_of_recovery_code(std::string_view text);

}  // namespace porter::detail::auth
