#include "programs/porter/command_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "terminal/text.hpp"

namespace porter::programs {

namespace {

constexpr command commands[] = {
    {"/help", "/help", "this list", "/help takes no argument: it lists the commands"},
    {"/whoami", "/whoami", "your name and how you got access", "/whoami takes no argument: it shows your name"},
    {"/sessions", "/sessions", "list your sessions", "/sessions takes no argument: it lists your sessions", true},
    {"/revoke", "/revoke ID", "end one of your sessions", "/revoke takes the ID of a session: /sessions shows them",
     true},
    {"/password", "/password", "change your password; your other sessions end",
     "/password takes no argument: it asks for the passwords", true},
    {"/2fa", "/2fa", "set up a second factor: one-time codes of an authenticator",
     "/2fa sets up a second factor, /2fa off removes it", true},
    {"/2fa", "/2fa off", "remove the second factor", "", true},
    {"/logout", "/logout", "end this session and quit", "/logout ends this session, /logout all ends all your sessions",
     true},
    {"/logout", "/logout all", "end all your sessions and quit", "", true},
    {"/quit", "/quit", "quit; the session is kept (also Ctrl-D)", "/quit takes no argument: it ends the program"},
    {"//", "//text", "send /text", ""},
};

}  // namespace

command const* find_command(std::string_view line)
{
    auto const name = detail::terminal::lower(std::string{line.substr(0, line.find_first_of(" \t"))});
    auto const* const found = std::ranges::find(commands, std::string_view{name}, &command::name);
    return found == std::end(commands) ? nullptr : found;
}

std::string list_of_commands(bool with_accounts)
{
    std::string list = "Each line is sent as a text, except these commands:";
    for (auto const& command : commands) {
        if (with_accounts || !command.needs_account) {
            list += fmt::format("\n  {:13} {}", command.usage, command.summary);
        }
    }
    return list;
}

}  // namespace porter::programs
