#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/secret.hpp"
#include "porter/access_code.hpp"

/// The codes of invitations and resets: 130 random bits in the 32 digits and letters without I, L, O and U, and two
/// more that check them, in groups of four, such as 7K3M-9QWX-... People read them out, write them down and type them
/// in.
namespace porter::detail::base {

inline constexpr std::size_t access_code_length = 28;  ///< digits and letters, without the hyphens

/// A new code with hyphens between the groups, from libsodium's random numbers.
secret make_access_code();

/// What a store keeps of a code, however it is typed: the BLAKE2b-256 of its digits and letters in upper case, without
/// separators. None: it is no code, or mistyped. A code has 130 random bits, so a fast digest without a salt is enough.
std::optional<std::array<std::byte, 32>> digest_of_access_code(std::string_view typed);

}  // namespace porter::detail::base
