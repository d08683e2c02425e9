#pragma once

#include <optional>
#include <string_view>

#include "base/secret.hpp"
#include "store/records.hpp"

/// Session tokens: `prt_` and 32 random bytes in base64url without padding, 47 characters in all. The prefix lets
/// people and secret scanners recognise one.
namespace porter::detail::sessions {

/// The source of new tokens, replaceable in tests. Safe from any thread.
class token_source {
public:
    virtual ~token_source() = default;
    /// An unguessable token.
    virtual base::secret issue() = 0;
};

/// Random tokens by libsodium.
class system_token_source final : public token_source {
public:
    /// Throws start_error when libsodium cannot be initialised.
    system_token_source();
    base::secret issue() override;
};

/// What the store keeps of a token: the BLAKE2b-256 of its 32 bytes (not of their encoding). None unless the text is
/// encoded exactly as a token. A token has 256 random bits, so a fast digest without a salt is enough.
std::optional<store::token_digest> digest_of(std::string_view token);

}  // namespace porter::detail::sessions
