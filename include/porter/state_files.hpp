#pragma once

#include <filesystem>
#include <optional>
#include <string>

// The files that a client keeps for its user between runs, like ~/.ssh: $XDG_STATE_HOME/porter/NAME, else
// $HOME/.local/state/porter/NAME. The program `porter` uses the same ones. All functions may be called on any thread,
// unless another one changes the environment.

namespace porter {

/// The file of the servers' keys that the user trusts, "known_servers". Empty if neither variable is set.
std::filesystem::path known_servers_file();

/// The file of saved sessions, "sessions" (porter/saved_sessions.hpp). Empty if neither variable is set.
std::filesystem::path saved_sessions_file();

/// Why another user could have written or removed a state file: the owner or mode of the file or of its folder. A line
/// for the user; none for a safe file, and for a file that does not exist in a safe folder. A client that asks before
/// it connects can stop: a key in known_servers would be trusted, and a session could be another account's. Without
/// that a file that is not safe is not read: connecting fails as untrusted, and no session is found.
std::optional<std::string> state_file_error(std::filesystem::path const& file);

}  // namespace porter
