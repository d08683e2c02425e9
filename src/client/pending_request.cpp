#include "client/pending_request.hpp"

#include <algorithm>
#include <limits>

namespace porter::detail::client {

namespace {

/// A time that a server chose; what the calendar cannot hold is cut to the year 9999.
std::chrono::sys_seconds to_time(std::uint64_t seconds)
{
    constexpr std::uint64_t end_of_calendar = 253'402'300'799;
    return std::chrono::sys_seconds{
        std::chrono::seconds{static_cast<std::int64_t>(std::min(seconds, end_of_calendar))}};
}

}  // namespace

server_info to_value(protocol::welcome const& said)
{
    server_info info;
    info.access = static_cast<porter::access>(said.access);
    info.agent = said.server;
    info.known_as = said.known_as;
    info.max_frame = said.max_frame;
    return info;
}

access_granted to_value(protocol::granted const& said)
{
    access_granted given;
    given.auth_method = static_cast<porter::auth_method>(said.auth_method);
    given.name = said.name;
    given.session_id = said.session_id;
    given.token = said.token;
    given.expires_at = to_time(said.expires_at);
    if (said.last_login_at != 0) given.last_login_at = to_time(said.last_login_at);
    given.last_address = said.last_address;
    given.failed_since = said.failed_since;
    return given;
}

std::vector<session_info> to_value(protocol::sessions const& said)
{
    std::vector<session_info> sessions;
    sessions.reserve(said.entries.size());
    for (auto const& entry : said.entries) {
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

client_error to_value(protocol::denied const& said)
{
    error why{static_cast<code>(said.code), std::string{said.reason}, std::chrono::seconds{said.retry_after}};
    return {client_errc::denied, std::move(why)};
}

client_error to_value(protocol::closing const& said)
{
    return {client_errc::closed, error{static_cast<code>(said.code), std::string{said.reason}}};
}

}  // namespace porter::detail::client
