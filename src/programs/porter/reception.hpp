#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/secret.hpp"
#include "client/saved_sessions.hpp"
#include "porter/client.hpp"
#include "programs/porter/leaving.hpp"
#include "programs/porter/options.hpp"
#include "programs/porter/questions.hpp"
#include "programs/porter/talk.hpp"

namespace porter::programs {

/// Gets in: connects and does what the server wants of a visitor, with the answers from the command line, the saved
/// sessions and, on a terminal, the person. `door` is where the connection is kept, before access as well.
class reception {
public:
    /// `ask`: null where nobody can be asked. Everything outlives the reception.
    reception(io_executor executor, porter_options const& options, rooms::client::place at, std::optional<client>& door,
              talk& says, questions* ask);

    /// Connects and gets access, greeting whoever comes in.
    task<outcome<void>> enter();

    /// After a lost connection: connects and gets the same access again without asking.
    task<client_result<void>> enter_again();

    /// Closes the connection. A session that is not to be saved and was opened with a password is ended before, or it
    /// would take one of the few that the account may have.
    task<void> close();

    /// The session is over: its token is kept no longer.
    void forget_session();

    std::string const& name() const noexcept { return name_; }

private:
    struct credentials {
        bool fresh = false;  // an account to be made
        rooms::base::secret password;
    };

    task<client_result<void>> connect();
    outcome<void> check_state() const;
    task<outcome<void>> connect_first();
    task<outcome<void>> ask_trust(client_failure unknown);
    void warn_once(std::string const& line);
    task<outcome<void>> rename_if_wanted();
    task<outcome<void>> introduce();
    task<std::optional<client_result<grant>>> resume_saved();
    task<outcome<void>> authenticate();
    task<outcome<void>> prove();
    task<client_result<grant>> try_password(credentials const& given);
    task<client_result<grant>> try_once(credentials const& given);

    task<outcome<void>> choose_name(std::string proposal);
    task<outcome<bool>> decide_whether_new();
    task<outcome<rooms::base::secret>> get_password(bool fresh);
    task<outcome<rooms::base::secret>> ask_password(bool fresh);
    task<outcome<void>> prepare_next_try(client_failure denied);

    bool is_greeted_by_address() const;
    void admit(grant const& access);
    task<void> end_session();

    porter_options const& options_;
    rooms::client::place at_;
    std::optional<client>& door_;
    talk& talk_;
    questions* ask_;
    rooms::client::saved_sessions sessions_;
    trust trust_;                      // once a server was trusted: its key and no other
    std::vector<std::string> warned_;  // of the known servers, which are read for each connection

    std::string name_;
    bool rule_is_told_ = false;     // for a new password
    bool session_is_ours_ = false;  // opened in this run, and kept for no other
    bool is_ending_ = false;
    rooms::base::steady_timer ending_;  // cancelled when the session has been ended
    rooms::base::secret token_;         // of the session, for the next connection
};

}  // namespace porter::programs
