#pragma once

#include <memory>
#include <string>
#include <vector>

#include "porter/client.hpp"
#include "porter/saved_sessions.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/options.hpp"
#include "programs/porter/prompts.hpp"

namespace porter::programs {

/// Makes the connections to the server. Once the user, an option or a file trusts a key, only that key is accepted.
class connector {
public:
    /// `connection` receives each connection. `prompts`: null without a terminal. All arguments must outlive the
    /// object.
    connector(porter_options const& options, server_identity server, std::shared_ptr<client>& connection,
              console& console, prompts* prompts);

    /// Makes the first connection. Checks the state files before, and asks the user whether to trust an unknown server.
    task<outcome<void>> connect_first();

    /// Connects; prints a note when that takes longer than a moment.
    task<client_result<void>> connect_with_note();

    /// The options of a connection: once connected, they accept only the server's key. They refer to the object.
    client_options connection_options();

    /// Prints a warning unless it was printed before: each connection reads known_servers again.
    void warn_once(std::string const& line);

    /// The server, with its key once connected.
    server_identity const& server() const noexcept { return server_; }

private:
    outcome<void> check_state_files() const;
    task<client_result<void>> connect();
    task<outcome<void>> confirm_host_key(client_error unknown_server);
    std::string server_name() const;

    porter_options const& options_;
    server_identity server_;
    std::shared_ptr<client>& client_;
    console& console_;
    prompts* prompts_;
    host_key_policy host_key_policy_;
    std::vector<std::string> warned_;
};

}  // namespace porter::programs
