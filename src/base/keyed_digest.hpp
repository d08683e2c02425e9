#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace porter::detail::base {

/// The key of a keyed_digest().
using digest_key = std::array<std::byte, 32>;

/// The keyed BLAKE2b-256 of a message: 32 bytes, which only the owner of the key can compute.
std::string keyed_digest(std::string_view message, digest_key const& key);

/// A new key.
digest_key random_digest_key();

/// A key derived from another secret, which it does not reveal. Each label, of 16 to 64 bytes, gives another key.
digest_key derive_digest_key(std::string_view secret, std::string_view label);

}  // namespace porter::detail::base
