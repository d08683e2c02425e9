#include "porter/error.hpp"

namespace porter {

std::string_view name_of(code value) noexcept
{
    switch (value) {
        case code::normal:
            return "normal";
        case code::protocol_error:
            return "protocol_error";
        case code::frame_too_large:
            return "frame_too_large";
        case code::invalid_utf8:
            return "invalid_utf8";
        case code::unsupported_version:
            return "unsupported_version";
        case code::unauthorized:
            return "unauthorized";
        case code::timeout:
            return "timeout";
        case code::idle:
            return "idle";
        case code::too_many_attempts:
            return "too_many_attempts";
        case code::session_ended:
            return "session_ended";
        case code::shutting_down:
            return "shutting_down";
        case code::tls_required:
            return "tls_required";
        case code::server_full:
            return "server_full";
        case code::slow_consumer:
            return "slow_consumer";
        case code::internal:
            return "internal";
        case code::bad_credentials:
            return "bad_credentials";
        case code::name_taken:
            return "name_taken";
        case code::invalid_name:
            return "invalid_name";
        case code::weak_password:
            return "weak_password";
        case code::invalid_token:
            return "invalid_token";
        case code::throttled:
            return "throttled";
        case code::busy:
            return "busy";
        case code::unavailable:
            return "unavailable";
        case code::registration_closed:
            return "registration_closed";
        case code::not_supported:
            return "not_supported";
        case code::not_found:
            return "not_found";
    }
    return "unknown";
}

}  // namespace porter
