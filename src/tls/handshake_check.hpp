#pragma once

#include <optional>
#include <string>

#include "tls/certified_key.hpp"

namespace porter::detail::tls {

/// Why no client can complete a handshake with a server that has this key and chain; none: ours can. The two contexts
/// that every connection is made from try it in memory, so the answer is OpenSSL's own. Throws std::bad_alloc.
std::optional<std::string> handshake_error(certified_key const& key);

/// The same of a key alone, with a certificate that is made for it. The error is a clause that names the kind of the
/// key and the kinds that can be used.
std::optional<std::string> key_error(evp_pkey_st& key);

}  // namespace porter::detail::tls
