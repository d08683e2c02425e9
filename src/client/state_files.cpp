#include "porter/state_files.hpp"

#include <cstdlib>

#include "client/private_file.hpp"

namespace porter {

namespace {

/// A relative XDG_STATE_HOME is ignored, as the XDG Base Directory Specification requires.
std::filesystem::path state_file(char const* name)
{
    auto const* state = std::getenv("XDG_STATE_HOME");
    if (state && state[0] == '/') return std::filesystem::path{state} / "porter" / name;
    auto const* home = std::getenv("HOME");
    if (home && home[0] == '/') return std::filesystem::path{home} / ".local/state/porter" / name;
    return {};
}

}  // namespace

std::filesystem::path known_servers_file()
{
    return state_file("known_servers");
}

std::filesystem::path saved_sessions_file()
{
    return state_file("sessions");
}

std::optional<std::string> state_file_error(std::filesystem::path const& file)
{
    return detail::client::safety_error(file);
}

}  // namespace porter
