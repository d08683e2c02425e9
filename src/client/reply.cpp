#include "client/reply.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace porter::detail::client {

namespace {

/// A time from the server, limited to the year 9999: the calendar functions cannot represent every u64.
std::chrono::sys_seconds to_time(std::uint64_t seconds)
{
    constexpr std::uint64_t end_of_calendar = 253'402'300'799;
    return std::chrono::sys_seconds{
        std::chrono::seconds{static_cast<std::int64_t>(std::min(seconds, end_of_calendar))}};
}

}  // namespace

server_info to_value(protocol::welcome const& message)
{
    server_info info;
    info.access = static_cast<porter::access>(message.access);
    info.agent = message.server;
    info.known_as = message.known_as;
    info.max_frame = message.max_frame;
    return info;
}

access_granted to_value(protocol::granted const& message)
{
    access_granted access;
    access.auth_method = static_cast<porter::auth_method>(message.auth_method);
    access.name = message.name;
    access.session_id = message.session_id;
    access.token = message.token;
    access.expires_at = to_time(message.expires_at);
    if (message.last_login_at != 0) access.last_login_at = to_time(message.last_login_at);
    access.last_address = message.last_address;
    access.failed_since = message.failed_since;
    return access;
}

std::vector<session_info> to_value(protocol::sessions const& message)
{
    std::vector<session_info> sessions;
    sessions.reserve(message.entries.size());
    for (auto const& entry : message.entries) {
        session_info session;
        session.id = entry.id;
        session.created_at = to_time(entry.created_at);
        session.last_used_at = to_time(entry.last_used_at);
        session.expires_at = to_time(entry.expires_at);
        session.address = entry.address;
        session.current = entry.current;
        sessions.push_back(std::move(session));
    }
    return sessions;
}

second_factor_enrolment to_value(protocol::enrolment const& message)
{
    second_factor_enrolment issued;
    issued.uri = message.uri;
    for (auto const code : message.recovery_codes) issued.recovery_codes.emplace_back(code);
    return issued;
}

client_error to_value(protocol::denied const& message)
{
    error denial{static_cast<code>(message.code), std::string{message.reason},
                 std::chrono::seconds{message.retry_after}};
    return {client_errc::denied, std::move(denial)};
}

client_error to_value(protocol::closing const& message)
{
    return {client_errc::closed, error{static_cast<code>(message.code), std::string{message.reason}}};
}

}  // namespace porter::detail::client
