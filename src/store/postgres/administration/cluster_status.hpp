#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

namespace porter::detail::store::postgres::administration {

/// A porterd that uses the database, or did in the last days.
struct node_row {
    std::string name;  ///< of its machine
    std::string version;
    std::int64_t schema_version = 0;  ///< that it is made for
    base::timestamp started_at{};
    base::timestamp seen_at{};
    std::chrono::milliseconds since_seen{};  ///< by the clock of the database
    bool is_up = false;
};

/// A server that receives what the primary writes. What the role may not see is absent: it needs pg_read_all_stats.
struct standby_row {
    std::optional<std::string> name;  ///< its application_name
    std::optional<std::string> state;
    std::optional<std::string> sync_state;
    std::optional<std::int64_t> lag_bytes;  ///< written by the primary and not replayed
};

/// The servers of a database and the programs that use it.
struct cluster_status {
    std::vector<std::string> hosts;
    std::string primary;
    std::string server_version;
    std::string role;                ///< of this session
    bool waits_for_standby = false;  ///< a commit is acknowledged when a standby has it
    std::vector<standby_row> standbys;
    std::vector<node_row> nodes;               ///< none if the schema is absent, or not to be read
    std::chrono::milliseconds clock_offset{};  ///< of the database's clock from this machine's
};

/// Throws administration_error.
cluster_status cluster_status_of(blocking_connection& db);

}  // namespace porter::detail::store::postgres::administration
