#pragma once

#include <cstdint>

namespace porter {

/// Who must speak TLS to a server.
enum class tls_mode : std::uint8_t {
    automatic,  ///< other machines must, this one may
    required,   ///< everybody
    off,        ///< nobody can: passwords travel as they are
};

}  // namespace porter
