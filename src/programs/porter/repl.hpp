#pragma once

#include <optional>
#include <string>

#include "porter/backoff.hpp"
#include "porter/client.hpp"
#include "porter/secret.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/line_editor.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/output_format.hpp"
#include "programs/porter/prompts.hpp"
#include "programs/porter/timer.hpp"

namespace porter::programs {

struct command;

/// The interactive session: sends each typed line, runs those that begin with a slash as commands, and prints received
/// messages above the line being edited. Reconnects when the connection is lost.
class repl {
public:
    /// All arguments must outlive the object. `connection` has access.
    repl(io_executor executor, std::optional<client>& connection, login_flow& login, console& console, prompts& prompts,
         output_format format);

    /// Runs until the session ends, and closes the connection.
    task<exit_status> run();

    /// Ends run() with this status, unless there is one already.
    void exit(exit_status status);

    line_editor& editor() noexcept { return editor_; }

private:
    task<void> run_command(std::string line);
    task<void> run_account_command(std::string line, command const* known);
    task<void> send(std::string text);
    task<void> show_sessions();
    task<void> revoke(std::string id);
    task<std::optional<secret>> ask_new_password();
    task<void> change_password();
    task<void> log_out(logout_scope scope);
    void show_identity();
    void report(client_result<void> const& result, std::string const& success);
    void report_error(client_error const& error);
    bool has_access() const;

    task<void> receive_loop();
    task<void> show_received();
    task<bool> reconnect();

    io_executor executor_;
    std::optional<client>& client_;
    login_flow& login_;
    console& console_;
    prompts& prompts_;
    output_format format_;
    line_editor editor_;

    backoff backoff_;
    timer pause_;  // before the next attempt to reconnect
    timer receive_loop_ended_;
    bool receiving_ = false;
    bool logging_out_ = false;
    std::optional<exit_status> exit_;
};

}  // namespace porter::programs
