#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace porter::detail::tls {

/// What a ClientHello may have: porter's own has 1.8 KiB at most, with a hybrid key share.
inline constexpr std::size_t max_client_hello = 16 * 1024;

/// In how many records: each byte that comes is a reason to look at them again. Clients make one to three.
inline constexpr std::size_t max_client_hello_records = 64;

enum class client_hello_state : std::uint8_t {
    partial,    ///< more bytes are needed, or there are none
    complete,   ///< the whole message is here, or what is here is no ClientHello: for OpenSSL to judge
    too_large,  ///< it declares more than max_client_hello, or has more records than max_client_hello_records
};

/// How much of a client's next flight is here, if that is a ClientHello (RFC 8446, 4.1.2 and 5.1), in one
/// record or several. OpenSSL gets a ClientHello only whole, because it takes up to 128 KiB of memory for a length that
/// nine bytes declare.
client_hello_state find_client_hello(base::bytes_view flight) noexcept;

}  // namespace porter::detail::tls
