#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "log/logger.hpp"
#include "store/ports.hpp"
#include "store/postgres/options.hpp"
#include "store/statistics.hpp"

namespace porter::detail::store::postgres {

/// A store in a PostgreSQL database that many servers share, with one thread that has all connections. Errors of the
/// database make operations `unavailable` and are logged as `store_failed`, at most once a second.
///
/// Destroy it after every task that uses it has ended, and before the io_contexts on which they ran. Changes that wait
/// to be undone (resolving.hpp) then stay.
class backend {
public:
    /// Begins to connect. `log` outlives it.
    backend(options const& options, log::logger& log);
    ~backend();
    backend(backend const&) = delete;
    backend& operator=(backend const&) = delete;

    /// With the clock of the database.
    store::ports ports() noexcept;
    store::statistics const& statistics() const noexcept;

    /// Blocks until a heartbeat was committed: the clock is the database's, and ended sessions are reported. Throws
    /// start_error (unavailable) after this time.
    void wait_for_contact(std::chrono::milliseconds patience);

    /// From now on a change without an answer is unavailable at once, and undone if there is time. From any thread.
    void stop_repeating() noexcept;

    /// Problems of the database that open() found, a line each for a person: see warnings_of().
    std::vector<std::string> const& warnings() const noexcept { return warnings_; }

private:
    friend std::unique_ptr<backend> open(options const& options, log::logger& log);

    struct parts;
    std::unique_ptr<parts> parts_;
    std::vector<std::string> warnings_;
};

/// Checks the schema, connects, and waits for contact. `log` outlives the store. Blocks the thread. Throws start_error:
/// unavailable when no server is a primary that can be reached and commits; bad_data when the schema is absent, too old
/// or too new; configuration when the login, a certificate, the encoding or the role is wrong. Warnings are also logged
/// (`database_warning`).
std::unique_ptr<backend> open(options const& options, log::logger& log);

}  // namespace porter::detail::store::postgres
