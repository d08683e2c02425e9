#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "porter/task.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/options.hpp"

namespace porter::detail::store::postgres {

/// A server that was a primary when it was connected to, from this start of it to the next: one that becomes a standby
/// is started again.
struct primary {
    std::size_t host = 0;  ///< of options.address.hosts()
    std::string start;     ///< when it was started, in microseconds: no other server has the same
};

/// The servers of a database, of which one is the primary. Used on one thread.
///
/// libpq's own list of hosts stops at a server that accepts and is silent, because PQconnectPoll ignores
/// connect_timeout. So each connection is to one IP address, and has its own time limit.
class servers {
public:
    explicit servers(options const& options) : options_(options) {}

    /// Opens the connection to the primary: tries each server once, beginning with the last primary. A server in
    /// recovery or one that is read-only is no primary. The connection has the settings of Porter's sessions. Errors:
    /// what each server answered; of the configuration if one of them is.
    task<porter::result<primary, open_error>> connect(connection& conn);

    /// Lets the next connect() begin with this server.
    void prefer(primary const& proved) noexcept { first_ = proved.host; }
    /// Lets the next connect() begin with the server after this one: it commits nothing, as one that is cut off.
    void distrust(primary const& former) noexcept { first_ = (former.host + 1) % options_.address.hosts().size(); }

    /// Lets each connect() in progress end at the next server, with an error.
    void stop() noexcept { is_stopped_ = true; }

    /// The server that was the primary last.
    host const& last_primary() const noexcept { return options_.address.hosts()[first_]; }

private:
    std::chrono::milliseconds time_for_one() const noexcept;
    // The results: primary::start.
    task<porter::result<std::string, open_error>> connect_to(connection& conn, host const& server);
    task<porter::result<std::string, open_error>> try_address(connection& conn, host const& server, std::string ip);

    options options_;
    std::size_t first_ = 0;  // of the hosts: where connect() begins
    bool is_stopped_ = false;
};

}  // namespace porter::detail::store::postgres
