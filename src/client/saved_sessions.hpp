#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "client/session_line.hpp"

namespace porter::detail::client {

/// The file of saved session tokens. Only the user may be able to read it. Each problem with the file is reported as a
/// warning and loses no data: invalid lines are kept, and a file that cannot be read is not written.
class saved_sessions {
public:
    using warning = std::function<void(std::string const&)>;

    /// `file`: empty if there is none; then no session is saved.
    saved_sessions(std::filesystem::path file, warning warn) : file_(std::move(file)), warn_(std::move(warn)) {}

    /// $XDG_STATE_HOME/porter/sessions, else ~/.local/state/porter/sessions; else empty.
    static std::filesystem::path default_file();

    /// The session saved last that can be resumed at the server, of this account unless `name` is empty. Expired
    /// sessions are ignored. `other_names` receives the accounts of the other sessions that can be resumed there.
    std::optional<saved_session> find(server_identity const& server, std::string const& name, base::timestamp now,
                                      std::vector<std::string>* other_names = nullptr) const;

    /// Saves a session, and removes the expired ones and those of the same account that can be resumed at the same
    /// server. False: it was not saved, and a warning says why.
    bool save(saved_session const& session, base::timestamp now) const;

    /// Removes the sessions of the account that can be resumed at the server.
    void forget(server_identity const& server, std::string const& name) const;

private:
    std::optional<std::vector<std::string>> read_lines() const;
    bool write_lines(std::vector<std::string>& lines) const;
    std::optional<saved_session> parse(std::string const& line, std::size_t number) const;

    std::filesystem::path file_;
    warning warn_;
};

}  // namespace porter::detail::client
