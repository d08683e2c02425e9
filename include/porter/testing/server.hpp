#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "porter/client.hpp"
#include "porter/server.hpp"
#include "porter/store/records.hpp"
#include "porter/testing/manual_clock.hpp"
#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"

namespace porter::testing {

/// Options for tests: any free port of loopback, without TLS and without a data_dir. Change what the test is about.
server_options test_options(porter::access access = porter::access::authenticate);

/// The parts of a server that tests look at.
struct test_parts {
    manual_clock clock;  ///< sessions and throttling follow it
    recording_log log;   ///< every event
    memory_store store;  ///< accounts and sessions
};

/// A whole server in the process of the test, for tests with porter::client: with a store and a log in memory, a manual
/// clock, and passwords that are compared instead of hashed. It starts and stops in milliseconds.
///
///     asio::io_context io;
///     porter::testing::server server{io, shout, porter::testing::test_options(porter::access::open)};
///     asio::co_spawn(io, talk(server.port()), rethrow);     // connects with server.client_options()
///     io.run();
///
/// Timeouts, such as login_grace, follow the real time; sessions and throttling follow clock(). Threads and lifetime:
/// as porter::server.
class server : private test_parts, public porter::server {
public:
    /// Throws start_error; std::invalid_argument if the handler is empty. `io` outlives the server.
    server(asio::io_context& io, service handler, server_options options = test_options());
    ~server();

    /// The port that it listens on.
    std::uint16_t port() const { return local_endpoint().port(); }

    /// Options to connect with: plain TCP.
    static porter::client_options client_options();

    manual_clock& clock() noexcept { return test_parts::clock; }  ///< see advance(), which also ends sessions
    recording_log& log() noexcept { return test_parts::log; }     ///< every event of the server and its services
    memory_store& store() noexcept { return test_parts::store; }  ///< to disable or delete accounts, and for faults

    /// Moves the clock, and lets the server close the connections of sessions that have expired.
    void advance(std::chrono::seconds by);

    /// Adds an account, so that a client can log in. The rules for new passwords do not apply. Throws
    /// std::invalid_argument if the name is invalid or taken, or the password is not valid UTF-8.
    store::account_id add_account(std::string_view name, std::string_view password);

    /// Adds an invitation, valid for a day of clock(), and returns its code. `name`: the only account that it may
    /// register; empty: any. Throws std::invalid_argument if the name is invalid.
    std::string add_invitation(std::string_view name = {}, std::uint32_t uses = 1);

    /// Adds a reset for an account, valid for a day of clock(), and returns its code. It replaces an earlier one.
    std::string add_reset(store::account_id account);

private:
    friend class service_test;
    enum class source { network, descriptors };

    server(asio::io_context& io, service handler, server_options options, source connections);
    std::unique_ptr<impl> make(asio::io_context& io, service handler, server_options options, source connections);
    /// Serves a connected socket.
    void adopt(int descriptor, std::string const& address);
    void check_timeouts();
};

}  // namespace porter::testing
