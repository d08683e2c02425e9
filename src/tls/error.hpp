#pragma once

#include <string>
#include <system_error>

#include "base/asio.hpp"

namespace porter::detail::tls {

/// Errors that OpenSSL does not define.
enum class errc : int {
    truncated = 1,    ///< the connection ended without close_notify: data may be missing
    no_protocol,      ///< the peer did not agree on the ALPN protocol porter/1
    too_much_output,  ///< the peer caused replies of TLS and did not read them
    plaintext_reply,  ///< the peer's first byte is 0x00: a frame, which can still be read, and not a TLS record
    hello_too_large,  ///< the ClientHello exceeds max_client_hello or max_client_hello_records
    no_hello,         ///< a message other than a ClientHello was received where one is required
    too_many_keys,    ///< the peer updated its keys too often without sending data
    defect,           ///< OpenSSL failed without an error code
};

/// The category of errc, and of every code of OpenSSL's error queue with OpenSSL's message.
std::error_category const& category() noexcept;

inline base::error_code make_error_code(errc error) noexcept
{
    return {static_cast<int>(error), category()};
}

/// Returns the first error in this thread's OpenSSL error queue and clears the queue; errc::defect if it is empty.
base::error_code take_openssl_error() noexcept;

}  // namespace porter::detail::tls

template <>
struct std::is_error_code_enum<porter::detail::tls::errc> : std::true_type {};
