// Networks that an administrator has banned (promise N17).
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/optional_tls_server.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
namespace wire = detail::protocol;

namespace {

store::ban told(std::string network, std::optional<timestamp> until = {})
{
    return {std::move(network), until, false};
}

store::ban silent(std::string network)
{
    return {std::move(network), {}, true};
}

/// Whether the server closes a new connection from this address without a message, whatever it sends.
task<bool> is_closed_silently(server_fixture& fixture, std::string from)
{
    auto client = co_await fixture.connected(std::move(from));
    auto const reply = co_await client.receive();
    co_return !reply;
}

/// Sends hello, if the server has not closed the connection already.
task<void> greet_unheard(test_client& client)
{
    wire::hello hello;
    hello.version = 1;
    client.queue(hello);
    try {
        co_await client.flush();
    } catch (std::system_error const&) {
    }
}

task<bool> is_told(server_fixture& fixture, std::string from)
{
    auto client = co_await fixture.connected(std::move(from));
    co_await greet_unheard(client);
    auto const closed = co_await client.receives_closing(code::banned);
    co_return closed;
}

}  // namespace

TEST_CASE("a new connection from a banned network is told and one from another network is served")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        fixture.store.set_bans({told("127.5.0.0/16")});
        auto const closed = co_await is_told(fixture, "127.5.6.7");
        CHECK(closed);
        auto other = co_await fixture.admitted("127.6.0.1");
        co_await other.exchange("hello");
    });
    auto const rejected = fixture.log.events("ban_rejected");
    REQUIRE(rejected.size() == 1);
    CHECK(rejected[0].field("address") == "127.5.6.7");
    CHECK(rejected[0].field("network") == "127.5.0.0/16");
    CHECK(rejected[0].field("client_is") == "told");
    auto const changed = fixture.log.events("bans_changed");
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].field("bans") == "1");
    CHECK(changed[0].field("skipped") == "0");
}

TEST_CASE("a silently banned network is closed without a message and takes no slot")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        fixture.store.set_bans({silent("127.5.0.0/16")});
        auto const closed = co_await is_closed_silently(fixture, "127.5.6.7");
        CHECK(closed);
        CHECK(fixture.server->connections() == 0);
    });
    CHECK(fixture.log.events("ban_rejected").at(0).field("client_is") == "not_told");
    CHECK(fixture.log.count("connection_closed") == 0);
}

TEST_CASE("the connections of a network that is banned are closed on every thread and others stay")
{
    server_fixture fixture{open_access(), detail::services::echo, 3};
    fixture.run([&]() -> task<void> {
        std::vector<test_client> banned;
        for (int i = 0; i < 6; ++i) {
            auto one = co_await fixture.admitted("127.5.0." + std::to_string(1 + i));
            banned.push_back(std::move(one));
        }
        auto before_access = co_await fixture.connected("127.5.0.99");
        auto other = co_await fixture.admitted("127.6.0.1");
        fixture.store.set_bans({told("127.5.0.0/24")});
        for (auto& each : banned) {
            auto const closed = co_await each.receives_closing(code::banned);
            CHECK(closed);
        }
        auto const closed = co_await before_access.receives_closing(code::banned);
        CHECK(closed);
        co_await other.exchange("still here");
        co_await fixture.wait_for_connections(1);
    });
}

TEST_CASE("the connections of a network that is banned silently are closed without a message")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted("127.5.0.1");
        fixture.store.set_bans({silent("127.5.0.1")});
        auto const reply = co_await client.receive();
        CHECK_FALSE(reply);
        co_await fixture.wait_for_connections(0);
    });
    CHECK(fixture.log.events("connection_closed").at(0).field("code") == "banned");
}

TEST_CASE("a ban ends by the clock of the store and when it is lifted")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        fixture.store.set_bans({told("127.5.0.1", fixture.clock.now() + 60s)});
        fixture.clock.advance(59s);
        auto closed = co_await is_told(fixture, "127.5.0.1");
        CHECK(closed);
        fixture.clock.advance(1s);
        co_await fixture.admitted("127.5.0.1");
        fixture.store.set_bans({told("127.5.0.1")});
        closed = co_await is_told(fixture, "127.5.0.1");
        CHECK(closed);
        fixture.store.set_bans({});
        auto client = co_await fixture.admitted("127.5.0.1");
        co_await client.exchange("hello");
    });
    CHECK(fixture.log.count("bans_changed") == 3);
}

TEST_CASE("what is stored as a ban and is no network is counted in the log")
{
    server_fixture fixture{open_access()};
    fixture.store.set_bans({told("127.5.0.1"), told("example.org")});
    auto const changed = fixture.log.events("bans_changed");
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].level == log_level::warn);
    CHECK(changed[0].field("bans") == "1");
    CHECK(changed[0].field("skipped") == "1");
}

TEST_CASE("behind a proxy the client is banned and never the proxy")
{
    auto options = open_access();
    options.proxies.push_back(*detail::base::network::parse("127.0.0.0/8"));
    server_fixture fixture{options};
    auto const header = [](std::string const& from) { return "PROXY TCP4 " + from + " 198.51.100.9 5 7678\r\n"; };
    fixture.run([&]() -> task<void> {
        auto waiting = co_await fixture.connected("127.1.0.1");  // before its header
        auto early = co_await fixture.connected("127.1.0.1");
        co_await early.send_raw(header("192.0.2.7"));
        co_await early.greet();
        co_await early.receive_access();
        fixture.store.set_bans({told("192.0.2.0/24"), silent("198.51.100.7"), told("127.0.0.0/8")});
        auto closed = co_await early.receives_closing(code::banned);
        CHECK(closed);

        auto late = co_await fixture.connected("127.1.0.1");
        co_await late.send_raw(header("192.0.2.8"));
        co_await greet_unheard(late);
        closed = co_await late.receives_closing(code::banned);
        CHECK(closed);

        auto unheard = co_await fixture.connected("127.1.0.1");
        co_await unheard.send_raw(header("198.51.100.7"));
        auto const reply = co_await unheard.receive();
        CHECK_FALSE(reply);

        co_await waiting.send_raw(header("203.0.113.1"));
        co_await waiting.greet();
        co_await waiting.receive_access();
        auto check = co_await fixture.connected("127.1.0.1");
        co_await check.send_raw("PROXY UNKNOWN\r\n");
        co_await check.greet();
        co_await check.receive_access();
    });
}
