#pragma once

#include <cstdint>

namespace porter {

/// Which clients must use TLS.
enum class tls_mode : std::uint8_t {
    automatic,  ///< clients on other machines; on loopback it is optional
    required,   ///< all
    off,        ///< TLS is not available: passwords are sent in plaintext
};

}  // namespace porter
