#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "client/session_line.hpp"

namespace porter::detail::client {

/// The session tokens that the user of this machine keeps, in one small text file that nobody else may read. Whatever
/// is wrong with the file is said in a warning, a line for each thing, and never costs what it holds: lines that are
/// not understood stay, and a file that cannot be read is not written.
class saved_sessions {
public:
    using warning = std::function<void(std::string const&)>;

    /// `file`: empty for a user who has no place for it; then no session is kept.
    saved_sessions(std::filesystem::path file, warning warn) : file_(std::move(file)), warn_(std::move(warn)) {}

    /// $XDG_STATE_HOME/porter/sessions, else ~/.local/state/porter/sessions; else empty.
    static std::filesystem::path default_file();

    /// The session kept last that may be offered to this server, and under this name unless it is empty. Expired ones
    /// are passed over. `other_names`: those under which other sessions are kept that may be offered to it.
    std::optional<saved_session> find(server_place const& at, std::string const& name, base::timestamp now,
                                      std::vector<std::string>* other_names = nullptr) const;

    /// Keeps a session, in place of older ones of that name that might be offered to the same server. Drops the expired
    /// ones. False: it is not kept, and a warning says why.
    bool save(saved_session const& session, base::timestamp now) const;

    /// Forgets the sessions of that name that may be offered to this server.
    void forget(server_place const& at, std::string const& name) const;

private:
    std::optional<std::vector<std::string>> read_lines() const;
    bool write_lines(std::vector<std::string>& lines) const;
    std::optional<saved_session> parse(std::string const& line, std::size_t number) const;

    std::filesystem::path file_;
    warning warn_;
};

}  // namespace porter::detail::client
