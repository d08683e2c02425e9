#include "programs/porter/command_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace porter::programs {

namespace {

constexpr command commands[] = {
    {"/help", "/help", "this list", "/help stands alone: it lists the commands"},
    {"/whoami", "/whoami", "who you are here", "/whoami stands alone: it tells who you are here"},
    {"/sessions", "/sessions", "where you are logged in", "/sessions stands alone: it lists where you are logged in",
     true},
    {"/revoke", "/revoke ID", "end one of these sessions", "/revoke takes the ID of a session: /sessions shows them",
     true},
    {"/password", "/password", "change your password; your other sessions end",
     "/password stands alone: it asks for the passwords", true},
    {"/logout", "/logout", "end this session and leave",
     "/logout ends this session, /logout all ends all your sessions", true},
    {"/logout", "/logout all", "end all your sessions and leave", "", true},
    {"/quit", "/quit", "leave; the session is kept (also Ctrl-D)", "/quit stands alone: it leaves"},
    {"//", "//text", "send /text", ""},
};

}  // namespace

command const* find_command(std::string_view line)
{
    auto const name = detail::base::lower(std::string{line.substr(0, line.find_first_of(" \t"))});
    auto const* const found = std::ranges::find(commands, std::string_view{name}, &command::name);
    return found == std::end(commands) ? nullptr : found;
}

std::string list_of_commands(bool with_accounts)
{
    std::string list = "Each line is sent as it is. Or:";
    for (auto const& one : commands) {
        if (with_accounts || !one.of_accounts) list += fmt::format("\n  {:13} {}", one.use, one.does);
    }
    return list;
}

}  // namespace porter::programs
