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
        case code::banned:
            return "banned";
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
        case code::invalid_code:
            return "invalid_code";
        case code::second_factor:
            return "second_factor";
    }
    return "unknown";
}

bool is_final(code value) noexcept
{
    switch (value) {
        case code::protocol_error:
        case code::frame_too_large:
        case code::invalid_utf8:
        case code::unsupported_version:
        case code::unauthorized:
        case code::session_ended:
        case code::tls_required:
        case code::banned:
        case code::bad_credentials:
        case code::name_taken:
        case code::invalid_name:
        case code::weak_password:
        case code::invalid_token:
        case code::registration_closed:
        case code::not_supported:
        case code::not_found:
        case code::invalid_code:
        case code::second_factor:
            return true;
        default:
            return false;
    }
}

namespace {

std::string_view sentence(code value) noexcept
{
    switch (value) {
        case code::normal:
            return "closed in order";
        case code::protocol_error:
            return "the peer violated the protocol";
        case code::frame_too_large:
            return "a frame is larger than the limit";
        case code::invalid_utf8:
            return "a text is not valid UTF-8";
        case code::unsupported_version:
            return "the version of the protocol is not supported";
        case code::unauthorized:
            return "not allowed before access is granted";
        case code::timeout:
            return "access or a frame took too long";
        case code::idle:
            return "nothing was received for too long";
        case code::too_many_attempts:
            return "too many attempts";
        case code::session_ended:
            return "the session has ended";
        case code::shutting_down:
            return "the server is shutting down";
        case code::tls_required:
            return "the server requires TLS";
        case code::server_full:
            return "the server is full";
        case code::slow_consumer:
            return "the output was not read in time";
        case code::internal:
            return "a defect of the server";
        case code::banned:
            return "the administrator has banned this network";
        case code::bad_credentials:
            return "unknown name or wrong password";
        case code::name_taken:
            return "the name is taken";
        case code::invalid_name:
            return "the name is not valid";
        case code::weak_password:
            return "the password is too weak";
        case code::invalid_token:
            return "the token is unknown, expired or revoked";
        case code::throttled:
            return "too many failed attempts";
        case code::busy:
            return "too many password checks are queued";
        case code::unavailable:
            return "the service is temporarily unavailable";
        case code::registration_closed:
            return "registration is closed";
        case code::not_supported:
            return "not supported by this server";
        case code::not_found:
            return "not found";
        case code::invalid_code:
            return "the code is unknown, spent or expired";
        case code::second_factor:
            return "a one-time code is required";
    }
    return "an unknown code";
}

class code_category_type final : public std::error_category {
public:
    char const* name() const noexcept override { return "porter"; }
    std::string message(int value) const override { return std::string{sentence(static_cast<code>(value))}; }
};

}  // namespace

std::error_category const& code_category() noexcept
{
    static code_category_type const category;
    return category;
}

}  // namespace porter
