#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "porter/client.hpp"
#include "porter/saved_sessions.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/options.hpp"
#include "programs/porter/timer.hpp"

namespace porter::programs {

/// Makes any number of connections with the access that a login_flow got, without a question: by its session, else a
/// session that was saved later, else the password file. The password opens one session for all connections.
class access_source {
public:
    /// After login.log_in(); `connection` is the one that it made. All arguments but `connection` must outlive the
    /// object.
    access_source(io_executor executor, porter_options const& options, login_flow const& login,
                  client const& connection, console& console);

    /// Connects and gets access. Until the `retry_after` of a denial is over, fails with that denial and does not
    /// connect.
    task<client_result<client>> open();

    /// Why no further connection can get access: the server rejected the password, and each attempt counts against the
    /// account.
    std::optional<client_error> const& rejection() const noexcept { return rejection_; }

    /// Logs out a session that the password opened and that is not saved.
    task<void> end_session();

private:
    using clock = timer::clock;

    task<client_result<client>> connect() const;
    task<client_result<void>> get_access(client& connection);
    task<client_result<void>> authenticate(client& connection);
    task<client_result<void>> resume(client& connection);
    task<client_result<void>> log_in(client& connection);
    void load_session(server_identity const& server);
    void save_session(server_identity const& server, access_granted const& access);
    client_error session_over() const;
    void delay_after(client_error const& error);
    void warn_once(std::string const& line);

    porter_options const& options_;
    console& console_;
    host_key_policy host_key_policy_;
    std::string name_;
    saved_sessions sessions_;
    saved_session session_;      // without a token: there is none
    bool owns_session_ = false;  // it is not saved
    bool is_logging_in_ = false;
    timer logged_in_;
    std::optional<client_error> rejection_;
    std::optional<client_error> delay_;  // the denial with a retry_after
    clock::time_point delay_end_;
    std::vector<std::string> warned_;
};

}  // namespace porter::programs
