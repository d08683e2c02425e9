#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "log/logger.hpp"
#include "porter/server.hpp"
#include "store/ports.hpp"
#include "store/statistics.hpp"

namespace porter::detail::library {

/// The store that server_options::database names: a SQLite file, or a PostgreSQL database that servers share.
///
/// Destroy it after every task that uses it has ended, and before the io_contexts on which they ran.
struct storage {
    std::shared_ptr<void const> backend;  ///< what the ports belong to
    store::ports ports;
    std::function<void()> stop;         ///< the server stops: nothing waits for the database any longer; or empty
    std::vector<std::string> warnings;  ///< that did not prevent the start, a line each for a person; logged, too
    store::statistics const* statistics = nullptr;  ///< of the backend
    bool is_shared = false;                         ///< by several servers
};

/// Opens it. A file is created or migrated if necessary; a PostgreSQL database is not. `log` outlives it. Throws
/// start_error, also (configuration) for PostgreSQL if this program was built without it.
storage open_storage(server_options const& options, log::logger& log);

/// What check() says of a database.
struct storage_report {
    std::vector<std::string> warnings;  ///< as those of a start
    std::vector<std::string> lines;     ///< its state, for a person; empty: it is a file
};

/// Checks that open_storage() would succeed, and changes nothing. Connects to PostgreSQL. Throws start_error like it.
storage_report check_storage(server_options const& options);

}  // namespace porter::detail::library
