#pragma once

#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/asio.hpp"
#include "base/condition_variable.hpp"
#include "base/resolve.hpp"
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
/// connect_timeout. So each connection is to one IP address, and has its own time limit. libpq is given the address,
/// too: it would look the name up itself, and block. It verifies the name with the server's certificate.
///
/// While names cannot be looked up, those that were found before have their last addresses.
class servers {
public:
    using endpoints = std::vector<asio::ip::tcp::endpoint>;
    using found_endpoints = porter::result<endpoints, base::error_code>;
    /// As base::resolve.
    using look_up_function = std::function<task<found_endpoints>(std::string host, std::uint16_t port,
                                                                 std::chrono::steady_clock::time_point deadline)>;

    /// How long a name that could not be looked up is not looked up again, if it has addresses.
    static constexpr std::chrono::seconds lookup_pause{5};

    /// `executor`: of the thread.
    servers(io_executor executor, options const& options, look_up_function look_up = base::resolve)
        : options_(options), look_up_(std::move(look_up)), names_(options.address.hosts().size()), stopped_(executor)
    {}

    /// Opens the connection to the primary: tries each server once, beginning with the last primary. A server in
    /// recovery or one that is read-only is no primary. The connection has the settings of Porter's sessions. Errors:
    /// what each server answered; of the configuration if one of them is.
    task<porter::result<primary, open_error>> connect(connection& conn);

    /// Asks the other servers, by `spare`, which is closed afterwards. The results: the first one that says that it is
    /// a primary, too (split brain). Those that do not answer are skipped, and names of the same server are no other
    /// one.
    task<std::optional<host>> find_other_primary(connection& spare, primary known);

    /// Lets the next connect() begin with this server.
    void prefer(primary const& proved) noexcept { first_ = proved.host; }
    /// Lets the next connect() begin with the server after this one: it commits nothing, as one that is cut off.
    void distrust(primary const& former) noexcept { first_ = (former.host + 1) % options_.address.hosts().size(); }

    /// Ends each connect() in progress before the next connection, with an error. What waits for the address of a name
    /// ends at once.
    void stop()
    {
        is_stopped_ = true;
        stopped_.notify();
    }

    /// The server that was the primary last.
    host const& last_primary() const noexcept { return options_.address.hosts()[first_]; }

private:
    /// Of a host that has a name.
    struct known_name {
        endpoints addresses;                                 // that were found last
        std::chrono::steady_clock::time_point look_up_at{};  // not before, if there are some
    };

    std::chrono::milliseconds time_for_one() const noexcept;
    task<found_endpoints> look_up(std::size_t number, std::chrono::steady_clock::time_point deadline);
    task<found_endpoints> addresses_of(std::size_t number);
    // The results: primary::start.
    task<porter::result<std::string, open_error>> connect_to(connection& conn, std::size_t number);
    task<porter::result<std::string, open_error>> try_address(connection& conn, host const& server, std::string ip);

    options options_;
    look_up_function look_up_;
    std::vector<known_name> names_;     // of the hosts
    base::condition_variable stopped_;  // notified by stop()
    std::size_t first_ = 0;             // of the hosts: where connect() begins
    bool is_stopped_ = false;
};

}  // namespace porter::detail::store::postgres
