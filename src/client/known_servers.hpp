#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/known_server_line.hpp"

namespace porter::detail::client {

/// The keys of the servers that the user of this machine has met, in one small text file that nobody else may write. A
/// server may have several: one that is about to change its key has a line for the old one and one for the new one.
/// Lines that are not understood stay and are told in a warning; one that may be about the server that is asked for
/// (may_concern()), or a file that cannot be read, is a problem: what stands there might be another key.
class known_servers {
public:
    using warning = std::function<void(std::string const&)>;

    /// A key of the server, and the line of the file (from 1) that says so.
    struct pin {
        std::string fingerprint;
        std::size_t line = 0;
    };

    /// `file`: empty for a user who has no place for it; then no server is known and none can be.
    known_servers(std::filesystem::path file, warning warn) : file_(std::move(file)), warn_(std::move(warn)) {}

    /// $XDG_STATE_HOME/porter/known_servers, else ~/.local/state/porter/known_servers; else empty.
    static std::filesystem::path default_file();

    /// What is known of a server (place_name()): nothing, or its keys. The error is a line for a person.
    result<std::vector<pin>, std::string> find(std::string const& where) const;

    /// Writes a server's first key down, unless it is there. The problem, if it is not there then: the file cannot be
    /// written, or another client has met another key there meanwhile.
    std::optional<std::string> add(known_server const& server) const;

    std::filesystem::path const& file() const noexcept { return file_; }

private:
    result<std::vector<std::string>, std::string> read_lines() const;
    result<std::vector<pin>, std::string> pins_in(std::vector<std::string> const& lines,
                                                  std::string const& where) const;

    std::filesystem::path file_;
    warning warn_;
};

}  // namespace porter::detail::client
