#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/known_server_line.hpp"
#include "porter/result.hpp"

namespace porter::detail::client {

/// The file of the keys that the user trusts, like known_hosts of ssh. Only the user may be able to write it. A server
/// may have several keys, such as the old and the new one during a change. An invalid line is kept and reported as a
/// warning; but if it may be about the server in question (may_concern()), or if the file cannot be read, that is an
/// error: it might name another key.
class known_servers {
public:
    using warning = std::function<void(std::string const&)>;

    /// A key of a server and the number of its line, from 1.
    struct pin {
        std::string fingerprint;
        std::size_t line = 0;
    };

    /// `file`: empty if there is none; then no server is known and none can be added.
    known_servers(std::filesystem::path file, warning warn) : file_(std::move(file)), warn_(std::move(warn)) {}

    /// The keys of a server, which server_name() names; empty if it is unknown. The error is a line for the user.
    result<std::vector<pin>, std::string> find(std::string const& server) const;

    /// Adds a server's first key, unless it is there already. Returns the error, a line for the user: the file cannot
    /// be written, or another program has added another key.
    std::optional<std::string> add(known_server const& server) const;

    std::filesystem::path const& file() const noexcept { return file_; }

private:
    result<std::vector<std::string>, std::string> read_lines() const;
    result<std::vector<pin>, std::string> parse(std::vector<std::string> const& lines, std::string const& server) const;

    std::filesystem::path file_;
    warning warn_;
};

}  // namespace porter::detail::client
