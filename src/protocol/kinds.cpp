#include "protocol/kinds.hpp"

namespace porter::detail::protocol {

std::string_view name_of(kind message_kind) noexcept
{
    switch (message_kind) {
        case kind::hello:
            return "hello";
        case kind::identify:
            return "identify";
        case kind::register_account:
            return "register";
        case kind::login:
            return "login";
        case kind::resume:
            return "resume";
        case kind::change_password:
            return "change_password";
        case kind::logout:
            return "logout";
        case kind::list_sessions:
            return "list_sessions";
        case kind::revoke_session:
            return "revoke_session";
        case kind::redeem:
            return "redeem";
        case kind::prove:
            return "prove";
        case kind::second_factor:
            return "second_factor";
        case kind::text:
            return "text";
        case kind::data:
            return "data";
        case kind::ping:
            return "ping";
        case kind::pong:
            return "pong";
        case kind::closing:
            return "closing";
        case kind::welcome:
            return "welcome";
        case kind::granted:
            return "granted";
        case kind::denied:
            return "denied";
        case kind::done:
            return "done";
        case kind::sessions:
            return "sessions";
        case kind::enrolment:
            return "enrolment";
    }
    return {};
}

}  // namespace porter::detail::protocol
