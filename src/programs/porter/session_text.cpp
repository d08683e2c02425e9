#include "programs/porter/session_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "porter/text.hpp"
#include "terminal/table.hpp"

namespace porter::programs {

namespace {

std::tm local_time(std::chrono::sys_seconds time)
{
    auto const seconds = static_cast<std::time_t>(time.time_since_epoch().count());
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return parts;
}

std::string minute_of(std::chrono::sys_seconds time)
{
    return fmt::format("{:%Y-%m-%d %H:%M}", local_time(time));
}

}  // namespace

std::string hello_line(std::string const& name)
{
    return fmt::format("Hello, {}! The server knows you by your address.", escape(name));
}

std::string welcome_line(access_granted const& access, bool is_saved)
{
    auto line = access.name.empty() ? std::string{"Welcome."} : fmt::format("Welcome, {}.", escape(access.name));
    if (access.last_login_at) {
        line += fmt::format(" Last login {}", minute_of(*access.last_login_at));
        if (!access.last_address.empty()) line += fmt::format(" from {}", escape(access.last_address));
        line += '.';
    }
    if (access.failed_since > 0) {
        line +=
            fmt::format(" {} failed {} since then.", access.failed_since, access.failed_since == 1 ? "try" : "tries");
    }
    if (is_saved) line += fmt::format(" Your session is kept until {:%Y-%m-%d}.", local_time(access.expires_at));
    return line;
}

std::string chosen_session_line(std::string const& name, std::vector<std::string> const& others)
{
    std::string list;
    for (auto const& other : others) {
        if (!list.empty()) list += ", ";
        list += other;
    }
    return fmt::format("Resuming the session of {}, which was saved last. Also saved: {} (choose with --name NAME).",
                       escape(name), escape(list));
}

std::string ended_session_line(std::string const& name)
{
    return fmt::format("Your session as {} was ended (somewhere else, or by the administrator): log in again.",
                       escape(name));
}

std::string sessions_table(std::vector<session_info> const& sessions)
{
    detail::terminal::table table{{"ID", "OPENED", "LAST USED", "UNTIL", "ADDRESS"}, {true}};
    for (auto const& session : sessions) {
        table.add({std::to_string(session.id), minute_of(session.created_at), minute_of(session.last_used_at),
                   fmt::format("{:%Y-%m-%d}", local_time(session.expires_at)),
                   session.address + (session.current ? " (this one)" : "")});
    }
    auto text = table.text(detail::terminal::table::heading::plain);
    text.pop_back();
    return text;
}

}  // namespace porter::programs
