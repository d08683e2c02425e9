#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/hash_function.hpp"
#include "base/hash_cost.hpp"

/// Argon2 hashes as other programs write them (the PHC string format): Argon2i besides Argon2id, several lanes, salts
/// and digests of other lengths than libsodium's own.
namespace porter::detail::auth {

/// The cost in an Argon2 hash, computable or not; none: the text is no Argon2 hash.
std::optional<base::hash_cost> argon2_cost_of(std::string_view text) noexcept;

/// Verifies a password by libsodium. Slow. Requires argon2_cost_of() with a cost that is computable.
hash_function::verify_result verify_argon2(std::string const& text, std::string_view password) noexcept;

}  // namespace porter::detail::auth
