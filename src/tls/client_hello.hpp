#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace porter::detail::tls {

/// Bytes of a ClientHello. That of porter has at most 1.8 KiB, with a hybrid key share.
inline constexpr std::size_t max_client_hello = 16 * 1024;

/// Records of a ClientHello. Every read scans them again. Clients send one to three.
inline constexpr std::size_t max_client_hello_records = 64;

enum class client_hello_state : std::uint8_t {
    partial,    ///< more bytes are needed
    complete,   ///< the message is complete, or it is not a ClientHello, which OpenSSL reports
    too_large,  ///< it declares more than max_client_hello, or has more records than max_client_hello_records
};

/// Whether a client's next flight contains a complete ClientHello (RFC 8446, 4.1.2 and 5.1), in one record or several.
/// OpenSSL only gets a complete one, because it allocates up to 128 KiB for the length that nine bytes declare.
client_hello_state find_client_hello(base::bytes_view flight) noexcept;

}  // namespace porter::detail::tls
