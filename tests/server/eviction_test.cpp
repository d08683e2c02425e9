// Evictions on a server that fills up (promises N3 and N4).
#include <filesystem>
#include <iterator>
#include <set>

#include "base/published.hpp"
#include "server/connection.hpp"
#include "server/connection_limiter.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

detail::server::options small_server(std::size_t slots)
{
    detail::server::options options;
    options.max_connections = slots;
    return options;
}

/// The open descriptors of this process: the clients' and the server's.
std::size_t open_descriptors()
{
    std::filesystem::directory_iterator const all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("a new connection evicts the oldest silent one")
{
    server_fixture fixture{small_server(4)};
    fixture.run([&]() -> task<void> {
        auto silent = co_await fixture.connected();
        auto greeted = co_await fixture.greeted();
        auto added = co_await fixture.greeted();
        auto evicted = co_await silent.receives_closing(code::server_full);
        CHECK(evicted);
        co_await greeted.register_account("Alice");
    });
}

TEST_CASE("a connection that is silent after its hello is evicted")
{
    server_fixture fixture{small_server(2)};
    fixture.run([&]() -> task<void> {
        auto greeted = co_await fixture.greeted();
        auto added = co_await fixture.greeted();
        auto evicted = co_await greeted.receives_closing(code::server_full);
        CHECK(evicted);
    });
}

TEST_CASE("a connection that was sent closing and does not close is cut for a new one")
{
    server_fixture fixture{small_server(2)};
    fixture.run([&]() -> task<void> {
        auto const before = open_descriptors();
        auto closed = co_await fixture.greeted();
        co_await closed.send(wire::ping{});
        auto closing = co_await closed.receives_closing(code::unauthorized);
        CHECK(closing);
        auto added = co_await fixture.greeted();
        co_await yield(200);
        CHECK(open_descriptors() == before + 3);  // two clients', and the server's for the new one
    });
}

TEST_CASE("of many evicted connections only some are kept open to deliver closing")
{
    constexpr std::size_t slots = 4;
    server_fixture fixture{small_server(slots)};
    fixture.run([&]() -> task<void> {
        auto const before = open_descriptors();
        std::deque<test_client> clients;
        auto const many = detail::server::max_rejects + 20;
        for (std::size_t i = 0; i < many; ++i) co_await clients.emplace_back(fixture.io).connect(fixture.endpoint);
        for (std::size_t i = 0; i < many - slots / 2; ++i) {
            auto evicted = co_await clients[i].receives_closing(code::server_full);
            CHECK(evicted);
        }
        co_await yield(200);
        CHECK(open_descriptors() <= before + many + slots / 2 + detail::server::max_rejects);
    });
}

TEST_CASE("a request that arrives after the eviction gets no access")
{
    server_fixture fixture{small_server(2)};
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        wire::resume message;
        message.token = alice.token();
        auto const request = frame_of(message);

        auto late = co_await fixture.greeted();
        co_await yield(200);
        // Both at once, in this order: the server accepts the new connection first.
        detail::base::tcp_socket added{fixture.io.get_executor()};
        added.connect(fixture.endpoint);
        REQUIRE(::send(late.socket().native_handle(), request.data(), request.size(), 0) == std::ssize(request));
        auto evicted = co_await late.receives_closing(code::server_full);
        CHECK(evicted);
    });
}

TEST_CASE("evicting a connection that has just ended does nothing")
{
    asio::io_context io;
    manual_clock clock;
    recording_log log;
    detail::base::published<detail::server::options> const options{{}};
    detail::server::buffer_limiter memory{0, 0};
    detail::server::worker thread{io, clock, memory, std::chrono::milliseconds{1000}};
    {
        auto const from = detail::identity::address::parse("192.0.2.7")->with_connection(7);
        detail::server::connection ended{detail::server::stream{io.get_executor()}, from, thread, options, log};
        ended.attach();
    }
    thread.evict(7);
}

TEST_CASE("a connection whose password is being checked is not evicted")
{
    server_fixture fixture{small_server(4)};
    fixture.run([&]() -> task<void> {
        auto checked = co_await fixture.greeted();
        fixture.hashes.held = true;
        co_await checked.send(registration("Alice"));
        while (fixture.hashes.made == 0) co_await yield();

        auto silent = co_await fixture.connected();
        auto added = co_await fixture.connected();
        auto evicted = co_await silent.receives_closing(code::server_full);
        CHECK(evicted);
        fixture.hashes.held = false;
        fixture.hashes.held.notify_all();
        co_await checked.receive<wire::granted>();
    });
}

TEST_CASE("many silent connections lock no client out")
{
    server_fixture fixture{small_server(8), detail::services::echo, 2};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> clients;
        for (int i = 0; i < 200; ++i) {
            auto& silent = clients.emplace_back(fixture.io);
            co_await silent.connect(fixture.endpoint);
            if (i % 50 != 25) continue;
            auto greeted = co_await fixture.greeted();
        }
    });
    CHECK(fixture.server->defects() == 0);
}

TEST_CASE("every log line of a connection has its number and no other connection has that")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        for (auto const* name : {"Alice", "Bob"}) {
            auto client = co_await fixture.registered(name);
            co_await client.send(wire::closing{});
            co_await client.receive();
        }
    });
    std::set<std::string> numbers;
    for (auto const& each : fixture.log.events()) {
        if (!each.field("address").empty()) numbers.insert(each.field("connection"));
    }
    CHECK(numbers == std::set<std::string>{"1", "2"});
    CHECK(fixture.log.count("connection_closed") == 2);
    CHECK(fixture.log.count("registered") == 2);
}

TEST_CASE("the log distinguishes a closing from a half-close and a truncated frame")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        for (int kind = 0; kind < 4; ++kind) {
            auto client = co_await fixture.admitted();
            if (kind == 0) co_await client.send(wire::closing{});
            if (kind == 2) co_await client.send_raw(std::string("\0\0", 2));
            if (kind == 3) {
                client.reset();
            } else {
                client.half_close();
            }
            co_await fixture.wait_for_connections(0);
        }
    });
    auto const closed = fixture.log.events("connection_closed");
    REQUIRE(closed.size() == 3);
    CHECK(closed[0].field("code") == "by_peer");
    CHECK(closed[1].field("code") == "half_closed");
    CHECK(closed[2].field("code") == "cut_off");
    CHECK(fixture.log.count("connection_lost") == 1);
}
