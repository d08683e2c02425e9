#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace porter {

/// Why a request was denied or a connection closed: one numbering for both, as on the wire (docs/PROTOCOL.md, codes).
enum class code : std::uint16_t {
    normal = 0,                ///< closed in order
    protocol_error = 1,        ///< malformed frame or unknown kind: fatal
    frame_too_large = 2,       ///< length over the limit in force: fatal
    invalid_utf8 = 3,          ///< fatal
    unsupported_version = 4,   ///< fatal
    unauthorized = 5,          ///< not allowed before access: fatal
    timeout = 6,               ///< access was not granted, or a frame not complete, in time
    idle = 7,                  ///< nothing was received for the idle timeout
    too_many_attempts = 8,     ///< retry later
    session_ended = 9,         ///< log in again
    shutting_down = 10,        ///< the server stops or restarts: reconnect
    tls_required = 11,         ///< connect again with TLS
    server_full = 12,          ///< retry later, with increasing delays
    slow_consumer = 13,        ///< the peer did not read the output for too long
    internal = 14,             ///< a defect of the server
    banned = 15,               ///< the administrator has banned the client's network: fatal
    bad_credentials = 20,      ///< unknown name, wrong password or disabled account: one code for all
    name_taken = 21,           ///< register: choose another name
    invalid_name = 22,         ///< the reason states the rule
    weak_password = 23,        ///< the reason states the rule
    invalid_token = 24,        ///< unknown, expired or revoked: log in again
    throttled = 25,            ///< too many failures: see retry_after
    busy = 26,                 ///< too many password checks are queued: see retry_after
    unavailable = 27,          ///< the store failed and nothing was changed: retry
    registration_closed = 28,  ///< ask the administrator
    not_supported = 29,        ///< not available with this server's access mode or service
    not_found = 30,            ///< no such session
    invalid_code = 31,         ///< unknown, spent or expired code of an invitation or a reset
    second_factor = 32,        ///< the password was right: prove the second factor with a one-time code
};

/// The code's name as documented, e.g. "bad_credentials"; "unknown" for a number that this version does not know.
std::string_view name_of(code value) noexcept;

/// Whether the same request would be refused again: another name, password, token, option or program is needed, so a
/// client must not repeat it by itself. The others are temporary: try again, after `retry_after` or with growing
/// pauses. A number that this version does not know is not final.
bool is_final(code value) noexcept;

/// The category of codes as std::error_code, named "porter". Its messages are sentences for a person.
std::error_category const& code_category() noexcept;

/// Makes a code convertible to std::error_code: `throw std::system_error{code::busy}`.
inline std::error_code make_error_code(code value) noexcept
{
    return {static_cast<int>(value), code_category()};
}

/// An error as a value: `code` is for programs, `reason` for people.
struct error {
    error() = default;  ///< code::internal, without a reason
    /// An error with its parts.
    error(porter::code code_, std::string reason_, std::chrono::seconds retry_after_ = {})
        : code(code_), reason(std::move(reason_)), retry_after(retry_after_)
    {}

    /// is_final(code): whether the same request would be refused again.
    bool is_final() const noexcept { return porter::is_final(code); }

    porter::code code = porter::code::internal;  ///< what a program decides by
    std::string reason;                          ///< for people only, UTF-8, may be empty
    std::chrono::seconds retry_after{};          ///< when to try again; 0: no advice
};

}  // namespace porter

template <>
struct std::is_error_code_enum<porter::code> : std::true_type {};
