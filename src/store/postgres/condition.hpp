#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "porter/task.hpp"
#include "store/postgres/connection.hpp"

namespace porter::detail::store::postgres {

/// The settings of a database server on which the promises of its store depend, and what an administrator asks about
/// the connection to it.
struct condition {
    std::string version;                       ///< of PostgreSQL
    std::string tls;                           ///< its version and cipher; empty: the connection is not encrypted
    std::string synchronous_standbys;          ///< synchronous_standby_names; empty: a commit waits for none
    bool syncs = true;                         ///< fsync
    bool writes_full_pages = true;             ///< full_page_writes
    std::chrono::milliseconds clock_offset{};  ///< of the database's clock from that of this machine
    std::chrono::milliseconds clock_error{};   ///< by how much the offset may be wrong
};

/// Reads it by a connection that is open and not in use. Errors: one line for a person.
task<porter::result<condition, std::string>> read_condition(connection& conn, connection::time deadline);

/// What could lose data, a line each for a person.
std::vector<std::string> warnings_of(condition const& found);

/// Lines for a person.
std::vector<std::string> lines_of(condition const& found);

}  // namespace porter::detail::store::postgres
