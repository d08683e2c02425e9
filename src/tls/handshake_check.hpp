#pragma once

#include <optional>
#include <string>

#include "tls/certified_key.hpp"

namespace porter::detail::tls {

/// Why a client cannot complete a handshake with a server that has this key and chain; none: it can. Runs a handshake
/// in memory with the contexts of real connections, so the result is OpenSSL's own. Throws std::bad_alloc.
std::optional<std::string> handshake_error(certified_key const& key);

/// The same for a key alone, with a generated certificate. The error is a clause that names the type of the key and the
/// types that can be used.
std::optional<std::string> key_error(evp_pkey_st& key);

}  // namespace porter::detail::tls
