#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/secret.hpp"
#include "client/saved_sessions.hpp"
#include "porter/client.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/options.hpp"
#include "programs/porter/prompts.hpp"

namespace porter::programs {

/// Gets in: connects and does what the server wants of a visitor, with the answers from the command line, the saved
/// sessions and, on a terminal, the person. `door` is where the connection is kept, before access as well.
class login_flow {
public:
    /// `ask`: null where nobody can be asked. Everything outlives the reception.
    login_flow(io_executor executor, porter_options const& options, detail::client::server_identity at,
               std::optional<client>& door, console& says, prompts* ask);

    /// Connects and gets access, greeting whoever comes in.
    task<outcome<void>> log_in();

    /// After a lost connection: connects and gets the same access again without asking.
    task<client_result<void>> log_in_again();

    /// Closes the connection. A session that is not to be saved and was opened with a password is ended before, or it
    /// would take one of the few that the account may have.
    task<void> close();

    /// The session is over: its token is kept no longer.
    void forget_session();

    std::string const& name() const noexcept { return name_; }

private:
    struct credentials {
        bool is_new = false;  // an account to be made
        detail::base::secret password;
    };

    task<client_result<void>> connect();
    task<client_result<void>> connect_with_note();
    outcome<void> check_state() const;
    task<outcome<void>> connect_first();
    task<outcome<void>> ask_host_key(client_error unknown);
    void warn_once(std::string const& line);
    task<outcome<void>> rename_if_wanted();
    task<outcome<void>> identify();
    task<std::optional<client_result<access_granted>>> resume_saved();
    task<outcome<void>> authenticate();
    task<outcome<void>> prove();
    task<client_result<access_granted>> try_password(credentials const& given);
    task<client_result<access_granted>> attempt(credentials const& given);

    task<outcome<void>> choose_name(std::string proposal);
    task<outcome<bool>> decide_whether_new();
    task<outcome<detail::base::secret>> get_password(bool fresh);
    task<outcome<detail::base::secret>> ask_password(bool fresh);
    task<outcome<void>> prepare_next_try(client_error denied);

    bool is_greeted_by_address() const;
    void admit(access_granted const& access);
    task<void> end_session();

    porter_options const& options_;
    detail::client::server_identity at_;
    std::optional<client>& client_;
    console& console_;
    prompts* prompts_;
    detail::client::saved_sessions sessions_;
    host_key_policy host_key_policy_;  // once a server was trusted: its key and no other
    std::vector<std::string> warned_;  // of the known servers, which are read for each connection

    std::string name_;
    std::string ended_session_name_;    // the account of the saved session that the server had ended
    bool password_rule_shown_ = false;  // for a new password
    bool owns_session_ = false;         // opened in this run, and kept for no other
    bool is_ending_ = false;
    detail::base::steady_timer ending_;  // cancelled when the session has been ended
    detail::base::secret token_;         // of the session, for the next connection
};

}  // namespace porter::programs
