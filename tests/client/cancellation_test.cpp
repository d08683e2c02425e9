// A service that waits for a client of another server: the end of its own connection ends the wait.

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <system_error>

#include "porter/client.hpp"
#include "porter/persistent_client.hpp"
#include "porter/testing/server.hpp"
#include "porter/testing/service_test.hpp"
#include "support/catch.hpp"

using namespace porter;
using porter::testing::service_test;
using porter::testing::test_options;

namespace {

using asio::ip::tcp;
using client_wait = std::function<task<void>(client&)>;
using persistent_wait = std::function<task<void>(persistent_client&)>;

task<void> take_texts(connection& peer)
{
    for (;;) {
        auto const text = co_await peer.receive_text();
        if (!text) co_return;
    }
}

task<void> never_receive(connection&)
{
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor, std::chrono::hours{1}};
    co_await timer.async_wait(use_task);
}

/// Whether the wait ended as cancelled.
task<bool> is_cancelled(task<void> wait)
{
    std::error_code error;
    try {
        co_await std::move(wait);
    } catch (std::system_error const& thrown) {
        error = thrown.code();
    }
    co_return error == asio::error::operation_aborted;
}

/// Waits like a service in front of the server at `port`.
class gateway {
public:
    explicit gateway(client_wait wait) : wait_(std::move(wait)) {}

    task<void> serve(connection& peer)
    {
        auto const options = porter::testing::server::client_options();
        auto backend = co_await client::connect("127.0.0.1", port, options);
        backend.value();
        peer.queue("waiting");
        co_await peer.flush();
        was_cancelled = co_await is_cancelled(wait_(*backend));
    }

    std::uint16_t port = 0;
    bool was_cancelled = false;

private:
    client_wait wait_;
};

/// Stops the server of a service that waits for its client.
void stop_while_waiting(service_test& test)
{
    auto alice = test.connect();
    CHECK(alice.receive() == "waiting");
    test.run_ready();
    test.server().stop();
    CHECK(alice.receive_close().code == code::shutting_down);
    test.wait_until([&] { return alice.is_finished(); }, "the service to return");
}

void check_client(client_wait wait, service const& handler = take_texts)
{
    gateway tested{std::move(wait)};
    service_test test{[&](connection& peer) { return tested.serve(peer); }};
    porter::testing::server backend{test.io(), handler, test_options(access::open)};
    tested.port = backend.port();
    stop_while_waiting(test);
    CHECK(tested.was_cancelled);
}

/// With a server that cannot be reached.
void check_persistent_client(persistent_wait wait)
{
    bool was_cancelled = false;
    service_test test{[&](connection& peer) -> task<void> {
        auto const executor = co_await asio::this_coro::executor;
        persistent_client_options options{.connection = porter::testing::server::client_options()};
        options.save_session = false;
        persistent_client unconnected{executor, "", 1, std::move(options)};
        peer.queue("waiting");
        co_await peer.flush();
        was_cancelled = co_await is_cancelled(wait(unconnected));
    }};
    stop_while_waiting(test);
    CHECK(was_cancelled);
}

}  // namespace

TEST_CASE("a service that waits for the end of a client ends when its server stops")
{
    check_client([](client& backend) -> task<void> { co_await backend.closed(); });
}

TEST_CASE("a service that was cancelled can close its client")
{
    bool was_closed = false;
    check_client([&](client& backend) -> task<void> {
        auto const ended = co_await is_cancelled(backend.closed());
        CHECK(ended);
        co_await backend.close();
        was_closed = true;
        throw std::system_error(asio::error::operation_aborted);
    });
    CHECK(was_closed);
}

TEST_CASE("a service that receives on a client ends when its server stops")
{
    check_client([](client& backend) -> task<void> { co_await backend.receive(); });
    check_client([](client& backend) -> task<void> {
        [[maybe_unused]] auto const result = co_await backend.receive_text_for(std::chrono::hours{1});
    });
}

TEST_CASE("a service that flushes a client ends when its server stops")
{
    auto const wait = [](client& backend) -> task<void> {
        std::string const large(backend.server().max_frame - 1, 'x');
        for (std::size_t size = 0; size < 32 * 1024 * 1024; size += large.size()) backend.queue(large).value();
        [[maybe_unused]] auto const result = co_await backend.flush();
    };
    check_client(wait, never_receive);
}

TEST_CASE("a service that waits for a reply ends when its server stops")
{
    bool was_cancelled = false;
    std::uint16_t port = 0;
    auto const connect = [&]() -> task<void> {
        auto const options = porter::testing::server::client_options();
        [[maybe_unused]] auto const result = co_await client::connect("127.0.0.1", port, options);
    };
    service_test test{[&](connection& peer) -> task<void> {
        peer.queue("waiting");
        co_await peer.flush();
        was_cancelled = co_await is_cancelled(connect());
    }};
    tcp::acceptor const silent{test.io(), {asio::ip::address_v4::loopback(), 0}};  // connects and never answers
    port = silent.local_endpoint().port();
    stop_while_waiting(test);
    CHECK(was_cancelled);
}

TEST_CASE("a service that waits for a persistent client ends when its server stops")
{
    check_persistent_client([](persistent_client& backend) -> task<void> { co_await backend.connected(); });
    check_persistent_client([](persistent_client& backend) -> task<void> { co_await backend.closed(); });
    check_persistent_client([](persistent_client& backend) -> task<void> {
        [[maybe_unused]] auto const result = co_await backend.send("hello");
    });
    check_persistent_client([](persistent_client& backend) -> task<void> { co_await backend.receive(); });
}
