#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "porter/connection.hpp"
#include "services/process_pool.hpp"

namespace porter::detail::services {

/// What exec runs, and its limits.
struct exec_options {
    std::string command;              ///< for /bin/sh -c
    std::size_t max_processes = 256;  ///< commands at the same time, those that are being ended included
};

/// Runs a command for each connection, in a process group of its own. Its standard input gets each text as a line, in
/// which line feeds and NUL are spaces; each line of its standard output is sent as a text, cut where it is too long,
/// with U+FFFD for what is not UTF-8. Lines of its standard error are logged. No text becomes part of a command line.
///
/// The connection is closed (normal) when the command has exited and its output is sent. The command is ended when the
/// connection has ended; when the client has closed its side only, the command's input is closed. Data is denied.
///
/// Threads: serve() runs on the thread of its connection. It outlives the connections.
class exec {
public:
    /// Throws std::system_error.
    explicit exec(exec_options options);

    task<void> serve(connection& client);

    /// The number of processes that have not been reaped.
    std::size_t size() const noexcept { return processes_.size(); }

private:
    std::vector<std::string> environment_of(connection const& client) const;

    exec_options const options_;
    std::vector<std::string> environment_;  // the same for all
    process_pool processes_;
};

}  // namespace porter::detail::services
