#pragma once

#include <memory>
#include <optional>
#include <string>

#include "porter/client.hpp"
#include "porter/persistent_client.hpp"
#include "porter/saved_sessions.hpp"
#include "porter/secret.hpp"
#include "programs/porter/connector.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/credential_reader.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/options.hpp"
#include "programs/porter/prompts.hpp"
#include "programs/porter/timer.hpp"

namespace porter::programs {

/// Connects and gets access, with the options, the saved sessions and, on a terminal, the user's answers.
class login_flow {
public:
    /// `connection` receives the connection, before access as well. `prompts`: null without a terminal. All arguments
    /// must outlive the object.
    login_flow(io_executor executor, porter_options const& options, server_identity server,
               std::shared_ptr<client>& connection, console& console, prompts* prompts);

    /// Connects, gets access and prints the greeting.
    task<outcome<void>> log_in();

    /// Stays connected to the server, from the connection of log_in() on. `get_access` and `on_state` as in
    /// persistent_client_options. The object must outlive the result.
    persistent_client stay_connected(std::function<task<client_result<void>>(client&)> get_access,
                                     std::function<void(client_state const&)> on_state);

    /// Gets the access of log_in() on a new connection, without a question. A token that the server rejects is deleted,
    /// and needs_password() is true from then on.
    task<client_result<void>> resume_access(client& connection);

    /// Whether there is no session to resume, so that log_in_again() must ask for the password.
    bool needs_password() const noexcept { return needs_password_; }

    /// Logs in as name(), with the password file's password or the one that the user enters, until it is right. A
    /// password that the server could not check is tried on the next connection. Fails with an exit_status if the user
    /// quit or the password file cannot be read.
    task<outcome<client_result<void>>> log_in_again(client& connection);

    /// Closes the connection. Before, logs out a session that was opened with a password and is not saved: otherwise it
    /// would remain one of the few that an account may have.
    task<void> close();

    /// Deletes the token of a session that has ended: from now on needs_password() is true.
    void forget_session();

    std::string const& name() const noexcept { return name_; }

    /// The server, with its key once connected.
    server_identity const& server() const noexcept { return connector_.server(); }

    /// The session's token; empty without an account.
    secret const& token() const noexcept { return token_; }

    /// Whether the password opened the session and it is not saved.
    bool owns_session() const noexcept { return owns_session_; }

private:
    struct credentials {
        bool is_registration = false;
        secret password;
    };

    task<outcome<void>> use_granted_access();
    task<outcome<void>> identify();
    task<outcome<void>> authenticate();
    task<std::optional<client_result<access_granted>>> resume_saved();
    task<outcome<void>> authenticate_by_password();
    task<client_result<access_granted>> attempt_on_open_connection(credentials const& entered);
    task<client_result<access_granted>> attempt(credentials const& entered);
    task<outcome<client_result<access_granted>>> attempt_with_code(credentials const& entered);
    bool may_ask_code(client_error const& denial) const;
    task<outcome<void>> prepare_retry(client_error denial);

    task<outcome<void>> choose_name(std::string proposal);
    task<outcome<bool>> choose_registration();

    bool is_name_of_address() const;
    void start_session(access_granted const& access);
    bool is_renaming(client const& connection) const;
    task<void> end_session();

    io_executor executor_;
    porter_options const& options_;
    connector connector_;
    std::shared_ptr<client>& client_;
    console& console_;
    prompts* prompts_;
    credential_reader credential_reader_;
    saved_sessions sessions_;

    std::string name_;
    secret code_;                     // to redeem; empty: none
    std::string ended_session_name_;  // the account whose saved session the server rejected
    bool owns_session_ = false;       // the session was opened by this process and is not saved
    bool is_logging_out_ = false;     // end_session() runs
    timer session_ended_;
    secret token_;                 // the session's, for reconnecting
    bool needs_password_ = false;  // its session has ended
    secret password_;              // entered after that, and not checked yet
};

}  // namespace porter::programs
