#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "store/records.hpp"

namespace porter::detail::auth {

/// The secret key of the digests by which attempts at names without an account are counted. The store gets a digest
/// instead of the name, because users type passwords as names; without the key a guessed name cannot be compared with
/// it. All servers that share a store need the same key: with keys of their own each would count by itself.
using name_key = std::array<std::byte, 32>;

/// A new key, for a server that shares its store with no other.
name_key random_name_key();

/// A key derived from another secret, such as one that all servers of a store have anyway. It does not reveal that one.
name_key derive_name_key(std::string_view secret);

/// The keyed BLAKE2b of a name.
store::name_digest digest_of(std::string_view name, name_key const& key);

}  // namespace porter::detail::auth
