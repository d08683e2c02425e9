#pragma once

#include <optional>
#include <string>

#include "base/asio.hpp"
#include "client/back_off.hpp"
#include "porter/client.hpp"
#include "programs/porter/leaving.hpp"
#include "programs/porter/line_editor.hpp"
#include "programs/porter/questions.hpp"
#include "programs/porter/received.hpp"
#include "programs/porter/reception.hpp"
#include "programs/porter/talk.hpp"

namespace porter::programs {

struct command;

/// A session with a person at the terminal: what is typed is sent or, beginning with a slash, done; what is received
/// is shown above the line being typed. A lost connection is made again meanwhile.
class conversation {
public:
    /// Everything outlives the conversation. `door` is in.
    conversation(io_executor executor, std::optional<client>& door, reception& entrance, talk& says, questions& ask,
                 showing how);

    /// Ends with the connection closed.
    task<leaving> hold();

    /// Ends hold(), with this unless there is a reason already.
    void leave(leaving why);

    line_editor& editor() noexcept { return editor_; }

private:
    // What is typed.
    task<void> obey(std::string line);
    task<void> obey_for_account(std::string line, command const* known);
    task<void> send(std::string text);
    task<void> show_sessions();
    task<void> revoke(std::string id);
    task<std::optional<rooms::base::secret>> ask_new_password();
    task<void> change_password();
    task<void> log_out(logout_scope scope);
    void show_who();
    void report(client_result<void> const& done, std::string const& success);
    void complain(client_failure const& failed);
    bool is_connected() const;

    // What is received.
    task<void> listen();
    task<void> show_received();
    task<bool> come_back();

    io_executor executor_;
    std::optional<client>& door_;
    reception& reception_;
    talk& talk_;
    questions& ask_;
    showing how_;
    line_editor editor_;

    rooms::client::back_off pauses_;
    rooms::base::steady_timer pause_;     // until the next try to come back
    rooms::base::steady_timer listened_;  // listen() has ended
    bool listening_ = false;
    bool logging_out_ = false;
    std::optional<leaving> leaving_;
};

}  // namespace porter::programs
