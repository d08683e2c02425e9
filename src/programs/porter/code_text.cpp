#include "programs/porter/code_text.hpp"

namespace porter::programs {

std::string_view code_text(code reason) noexcept
{
    switch (reason) {
        case code::normal:
            return "the server closed the connection";
        case code::protocol_error:
            return "the server does not understand what this client sent";
        case code::frame_too_large:
            return "a message is longer than the server takes";
        case code::invalid_utf8:
            return "a text is not valid UTF-8";
        case code::unsupported_version:
            return "the server speaks another version of the protocol";
        case code::unauthorized:
            return "the server requires a login first";
        case code::timeout:
            return "the server waited too long for this client";
        case code::idle:
            return "the connection was silent for longer than the server allows";
        case code::too_many_attempts:
            return "too many wrong tries: start porter again";
        case code::session_ended:
            return "your session was ended (somewhere else, or by the administrator): log in again";
        case code::shutting_down:
            return "the server is stopping or restarting";
        case code::tls_required:
            return "this server requires TLS: leave out --plain";
        case code::server_full:
            return "the server is at its limit of connections";
        case code::slow_consumer:
            return "this client read the server's output too slowly";
        case code::internal:
            return "the server met an internal error";
        case code::banned:
            return "the server's administrator has banned your network";
        case code::bad_credentials:
            return "the name or the password is wrong";
        case code::name_taken:
            return "this name is taken";
        case code::invalid_name:
            return "this name cannot be used";
        case code::weak_password:
            return "this password is too easy to guess";
        case code::invalid_token:
            return "the session is over";
        case code::throttled:
            return "too many failed tries";
        case code::busy:
            return "the server is busy with other logins";
        case code::unavailable:
            return "the server is not available at the moment";
        case code::registration_closed:
            return "this server takes no new accounts";
        case code::not_supported:
            return "this server does not offer that";
        case code::not_found:
            return "there is no such session";
        case code::invalid_code:
            return "this code is not known, was used already, or has expired";
        case code::second_factor:
            return "this account asks for a one-time code: log in on a terminal once, then its saved session is used";
    }
    return "the server gave a reason that this version of porter does not know";
}

}  // namespace porter::programs
