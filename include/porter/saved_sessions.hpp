#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "porter/client.hpp"
#include "porter/secret.hpp"

namespace porter {

/// The server of a session. A token may only be sent to the server that issued it.
struct server_identity {
    std::string host;                                        ///< as the user typed it, in lower case
    std::uint16_t port = 0;                                  ///< as given to connect()
    porter::transport transport = porter::transport::plain;  ///< of the connection
    std::string key{};        ///< the fingerprint of the server's key; empty over plain TCP
    std::string authority{};  ///< the fingerprint of the authority's key, if only an authority certifies the server

    bool operator==(server_identity const&) const = default;  ///< all members are equal
};

/// The server that a client is connected to. `host` and `port`: as given to connect().
server_identity identity_of(client const& connection, std::string host, std::uint16_t port);

/// Whether a token of the server `saved` may be sent to `server`: same host, port and transport, and the same key or
/// the same authority. A session that was opened with a pinned key has no authority: it is never sent to another key.
bool can_resume_at(server_identity const& saved, server_identity const& server);

/// A session in the file.
struct saved_session {
    server_identity server;                 ///< which issued it
    std::string name;                       ///< of the account
    std::chrono::sys_seconds expires_at{};  ///< its absolute end
    secret token;                           ///< which resumes it
};

/// The file of saved session tokens (0600). The thread that calls reads and writes it, which takes a moment: a lock on
/// its folder keeps programs from undoing each other's changes. Each problem with the file is reported as a warning and
/// loses no data: invalid lines are kept; a file that cannot be read, is no regular file or that another user could
/// have written is neither used nor written. An object has no state of its own, and nothing throws except
/// std::bad_alloc.
class saved_sessions {
public:
    using warning = std::function<void(std::string const&)>;  ///< takes a line for a person
    using clock = std::function<std::chrono::sys_seconds()>;  ///< returns the time

    /// `file`: such as saved_sessions_file(); empty if there is none, then no session is saved. `warn` is called with
    /// one line for a person for each problem; may be unset. `now`: tests replace the system's clock.
    explicit saved_sessions(std::filesystem::path file, warning warn = {}, clock now = {});

    /// The session saved last that can be resumed at the server, of this account unless `name` is empty. Expired
    /// sessions are ignored. `other_names`, unless null, receives the accounts of the other sessions that can be
    /// resumed there.
    std::optional<saved_session> find(server_identity const& server, std::string const& name = {},
                                      std::vector<std::string>* other_names = nullptr) const;

    /// Saves a session, and removes the expired ones and those of the same account that can be resumed at the same
    /// server. False: it was not saved, and a warning says why.
    bool save(saved_session const& session) const;

    /// Removes the sessions of the account that can be resumed at the server.
    void forget(server_identity const& server, std::string const& name) const;

private:
    std::optional<std::vector<std::string>> read_lines() const;
    bool write_lines(std::vector<std::string>& lines) const;
    std::optional<saved_session> parse(std::string const& line, std::size_t number) const;

    std::filesystem::path file_;
    warning warn_;
    clock now_;
};

}  // namespace porter
