#pragma once

#include <optional>
#include <string>

#include "base/asio.hpp"
#include "client/backoff.hpp"
#include "porter/client.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/line_editor.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/prompts.hpp"
#include "programs/porter/received.hpp"

namespace porter::programs {

struct command;

/// A session with a person at the terminal: what is typed is sent or, beginning with a slash, done; what is received
/// is shown above the line being typed. A lost connection is made again meanwhile.
class repl {
public:
    /// Everything outlives the conversation. `door` is in.
    repl(io_executor executor, std::optional<client>& door, login_flow& entrance, console& says, prompts& ask,
         output_format how);

    /// Ends with the connection closed.
    task<exit_status> pause_reading();

    /// Ends hold(), with this unless there is a reason already.
    void exit(exit_status why);

    line_editor& editor() noexcept { return editor_; }

private:
    // What is typed.
    task<void> run_command(std::string line);
    task<void> run_account_command(std::string line, command const* known);
    task<void> send(std::string text);
    task<void> show_sessions();
    task<void> revoke(std::string id);
    task<std::optional<detail::base::secret>> ask_new_password();
    task<void> change_password();
    task<void> log_out(logout_scope scope);
    void show_identity();
    void report(client_result<void> const& done, std::string const& success);
    void complain(client_error const& failed);
    bool is_connected() const;

    // What is received.
    task<void> receive_loop();
    task<void> show_received();
    task<bool> reconnect();

    io_executor executor_;
    std::optional<client>& client_;
    login_flow& login_;
    console& console_;
    prompts& prompts_;
    output_format options_;
    line_editor editor_;

    detail::client::backoff pauses_;
    detail::base::steady_timer pause_;     // until the next try to come back
    detail::base::steady_timer listened_;  // listen() has ended
    bool listening_ = false;
    bool logging_out_ = false;
    std::optional<exit_status> exit_;
};

}  // namespace porter::programs
