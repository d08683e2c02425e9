#include "programs/porter/greeting.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "base/text.hpp"
#include "terminal/table.hpp"

namespace porter::programs {

namespace {

using detail::base::escape;

/// In the time zone of this machine, which is that of whoever reads it.
std::tm local(std::chrono::sys_seconds moment)
{
    auto const seconds = static_cast<std::time_t>(moment.time_since_epoch().count());
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return parts;
}

std::string minute_of(std::chrono::sys_seconds moment)
{
    return fmt::format("{:%Y-%m-%d %H:%M}", local(moment));
}

}  // namespace

std::string hello_line(std::string const& name)
{
    return fmt::format("Hello, {}! The server knows you by your address.", escape(name));
}

std::string welcome_line(access_granted const& access, bool kept)
{
    auto line = access.name.empty() ? std::string{"Welcome."} : fmt::format("Welcome, {}.", escape(access.name));
    if (access.last_login_at) {
        line += fmt::format(" Last login {}", minute_of(*access.last_login_at));
        if (!access.last_address.empty()) line += fmt::format(" from {}", escape(access.last_address));
        line += '.';
    }
    if (access.failed_since > 0) {
        line += fmt::format(" {} failed password {} since then.", access.failed_since,
                            access.failed_since == 1 ? "try" : "tries");
    }
    if (kept) line += fmt::format(" Your session is kept until {:%Y-%m-%d}.", local(access.expires_at));
    return line;
}

std::string chosen_session_line(std::string const& name, std::vector<std::string> const& others)
{
    return fmt::format("Going by {}, whose session was opened last here. Also kept: {} (--name NAME takes another).",
                       escape(name), escape(fmt::format("{}", fmt::join(others, ", "))));
}

std::string ended_session_line(std::string const& name)
{
    return fmt::format(
        "Your session as {} was ended (somewhere else, or by the administrator). "
        "Start porter again to log in.",
        escape(name));
}

std::string sessions_table(std::vector<session_info> const& sessions)
{
    detail::terminal::table table{{"ID", "OPENED", "LAST USED", "UNTIL", "ADDRESS"}, {true}};
    for (auto const& session : sessions) {
        table.add({std::to_string(session.id), minute_of(session.created_at), minute_of(session.last_used_at),
                   fmt::format("{:%Y-%m-%d}", local(session.expires_at)),
                   session.address + (session.current ? " (this one)" : "")});
    }
    auto text = table.text(detail::terminal::table::heading::plain);
    text.pop_back();  // whoever shows it ends the line
    return text;
}

}  // namespace porter::programs
