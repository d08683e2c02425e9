#pragma once

#include <memory>
#include <optional>
#include <string>

#include "porter/client.hpp"
#include "porter/persistent_client.hpp"
#include "porter/secret.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/line_editor.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/output_format.hpp"
#include "programs/porter/pending_lines.hpp"
#include "programs/porter/prompts.hpp"
#include "programs/porter/timer.hpp"

namespace porter::programs {

struct command;

/// The interactive session: sends each typed line, runs those that begin with a slash as commands, and prints received
/// messages above the line being edited. It stays connected: while there is no connection, the prompt says so and the
/// lines that are entered are kept.
class repl {
public:
    /// All arguments must outlive the object. `connection` has access, and is replaced when it was lost.
    repl(io_executor executor, std::shared_ptr<client>& connection, login_flow& login, console& console,
         prompts& prompts, output_format format);

    /// Runs until the session ends, and closes the connection.
    task<exit_status> run();

    /// Ends run() with this status, unless there is one already.
    void exit(exit_status status);

    /// Closes the connection in order, or stops connecting.
    task<void> close();

    line_editor& editor() noexcept { return editor_; }

private:
    task<void> run_command(std::string line);
    task<void> run_account_command(std::string line, command const* known);
    task<void> send(std::string text);
    task<void> show_sessions();
    task<void> revoke(std::string id);
    task<std::optional<secret>> ask_new_password();
    task<void> change_password();
    task<void> change_second_factor(bool is_added);
    task<void> log_out(logout_scope scope);
    void show_identity();
    void report(client_result<void> const& result, std::string const& success);
    void report_error(client_error const& error);
    bool has_access() const;

    task<void> receive_loop();
    task<void> show_received();
    void show_loss(client_error const& error);
    void begin_connection(std::shared_ptr<client> connection);
    void exit_on(client_error const& error);

    task<client_result<void>> get_access(client& connection);
    void on_state(client_state const& state);
    void open_dialog();
    void close_dialog();

    io_executor executor_;
    std::shared_ptr<client>& client_;
    login_flow& login_;
    console& console_;
    prompts& prompts_;
    output_format format_;
    line_editor editor_;

    pending_lines lines_;
    bool is_keeping_shown_ = false;  // the note that lines are kept
    int pauses_ = 0;                 // since the connection was lost
    bool in_dialog_ = false;         // questions are asked in place of the line
    timer dialog_ended_;
    timer receive_loop_ended_;
    bool receiving_ = false;
    bool logging_out_ = false;
    std::optional<exit_status> exit_;
    std::optional<persistent_client> persistent_;  // while run() runs
};

}  // namespace porter::programs
