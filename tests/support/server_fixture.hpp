#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "auth/hasher.hpp"
#include "auth/redeemer.hpp"
#include "auth/verifier.hpp"
#include "identity/directory.hpp"
#include "porter/testing/manual_clock.hpp"
#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"
#include "server/acceptor.hpp"
#include "server/server_context.hpp"
#include "server/tcp_server.hpp"
#include "services/echo.hpp"
#include "sessions/registry.hpp"
#include "sessions/token.hpp"
#include "support/run.hpp"
#include "support/test_client.hpp"
#include "testing/plain_hash.hpp"

namespace porter::testing {

/// A running server on a free port of loopback, with a store in memory and a manual clock.
class server_fixture {
public:
    explicit server_fixture(detail::server::options options = {}, service handler = detail::services::echo,
                            std::size_t threads = 1, std::uint32_t max_registrations = 0);
    ~server_fixture();

    /// Runs a test, a function that returns a task<void>, to its end.
    template <typename Test>
    void run(Test test)
    {
        testing::run(io, test());
    }

    /// A connected client, from this address of loopback; empty: from any.
    task<test_client> connected(std::string from = "");

    /// The same, after hello and welcome.
    task<test_client> greeted(std::string from = "");

    /// A client with access to a server that grants it without a request (open access).
    task<test_client> admitted(std::string from = "");

    /// A client that has registered a new account.
    task<test_client> registered(std::string name);

    /// A client that has logged in to an account that registered() made.
    task<test_client> logged_in(std::string name);

    /// Checks that the defect of the service ends one connection after the other, and not the server.
    void check_that_defects_end_connections();

    /// Waits until the server has at most this many connections.
    task<void> wait_for_connections(std::size_t most);

    asio::io_context io;
    asio::ip::tcp::endpoint endpoint;
    manual_clock clock;
    recording_log log;
    memory_store store;
    detail::sessions::system_token_source tokens;
    detail::identity::directory directory{store.ports().addresses, clock, log};
    hash_counts hashes;
    detail::auth::hasher hasher{{.threads = 1}, std::make_unique<plain_hash>(hashes), log};
    detail::auth::throttle throttle;
    detail::auth::verifier verifier{store.ports().accounts, hasher, throttle, clock, log, {}};
    detail::auth::redeemer redeemer{store.ports().codes, store.ports().accounts, verifier, throttle, clock, log};
    detail::auth::second_factors second_factors;
    detail::sessions::registry registry;
    detail::server::server_context context;
    std::unique_ptr<detail::server::tcp_server> server;
};

detail::server::options with_access(detail::protocol::access_mode mode);

detail::server::options open_access();

}  // namespace porter::testing
