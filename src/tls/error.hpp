#pragma once

#include <string>
#include <system_error>

#include "base/asio.hpp"

namespace porter::detail::tls {

/// What goes wrong with TLS beyond what OpenSSL has words for.
enum class errc : int {
    truncated = 1,    ///< the bytes ended without close_notify: more may have been said
    no_protocol,      ///< the peer did not agree on the ALPN protocol porter/1
    too_much_output,  ///< the peer made us answer and did not read the answers
    in_the_clear,     ///< the peer's first byte is 0x00: a frame, which is still there to be read, and no TLS record
    hello_too_large,  ///< the client's ClientHello has more than max_client_hello bytes or max_client_hello_records
    no_hello,         ///< something else came where a ClientHello was expected
    too_many_keys,    ///< the peer changed its keys again and again without sending anything
    defect,           ///< OpenSSL failed and does not say why
};

/// Of this room's errors: errc, and every code of OpenSSL's error queue with OpenSSL's own words for it.
std::error_category const& category() noexcept;

inline base::error_code make_error_code(errc what) noexcept
{
    return {static_cast<int>(what), category()};
}

/// The first error in this thread's queue of OpenSSL, which is emptied; errc::defect when there is none.
base::error_code take_openssl_error() noexcept;

}  // namespace porter::detail::tls

template <>
struct std::is_error_code_enum<porter::detail::tls::errc> : std::true_type {};
