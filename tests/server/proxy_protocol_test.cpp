// Visitors who come by a proxy (promise N10).
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

/// A house that takes this machine for a proxy.
detail::server::options behind_proxy()
{
    detail::server::options options;
    options.access = wire::access_mode::identify;
    options.proxies.push_back(*detail::base::network::parse("127.0.0.0/8"));
    return options;
}

std::string header_for(std::string const& client)
{
    return "PROXY TCP4 " + client + " 198.51.100.9 55555 7678\r\n";
}

std::string hello_bytes()
{
    return std::string{"\0\0\0\5\1\1\0\1t", 9};
}

task<void> comes_from(test_client& someone, server_fixture& fixture, std::string client)
{
    co_await someone.connect(fixture.endpoint);
    co_await someone.send_raw(header_for(client));
    co_await someone.greet();
}

}  // namespace

TEST_CASE("behind a proxy the header's address is the visitor's in the greeting and in the log")
{
    server_fixture fixture{behind_proxy()};
    fixture.run([&]() -> task<void> {
        test_client alice{fixture.io};
        co_await comes_from(alice, fixture, "192.0.2.7");
        wire::identify asked;
        asked.name = "Alice";
        co_await alice.send(asked);
        co_await alice.receive<wire::granted>();

        auto again = co_await fixture.connected();
        co_await again.send_raw(header_for("192.0.2.7"));
        auto welcome = co_await again.greet();
        CHECK(welcome.known_as == "Alice");
        auto stranger = co_await fixture.connected();
        co_await stranger.send_raw(header_for("192.0.2.8"));
        auto other = co_await stranger.greet();
        CHECK(other.known_as.empty());
    });
    REQUIRE(fixture.log.count("identified") == 1);
    CHECK(fixture.log.events("identified")[0].field("address") == "192.0.2.7");
    for (auto const& each : fixture.log.events()) {
        // At debug stands what the proxy did before its header was read.
        if (each.severity >= detail::log::level::info) CHECK(each.field("address") != "127.0.0.1");
    }
}

TEST_CASE("what follows a header in the same segment is the visitor's first frame")
{
    server_fixture fixture{behind_proxy()};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.connected();
        co_await someone.send_raw(header_for("192.0.2.7") + hello_bytes());
        co_await someone.receive<wire::welcome>();
    });
}

TEST_CASE("a header may come byte by byte")
{
    server_fixture fixture{behind_proxy()};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.connected();
        for (char const each : header_for("192.0.2.7") + hello_bytes()) {
            co_await someone.send_raw(std::string(1, each));
            co_await yield(5);
        }
        co_await someone.receive<wire::welcome>();
    });
}

TEST_CASE("where proxies are expected a visitor without a header is refused")
{
    server_fixture fixture{behind_proxy()};
    fixture.run([&]() -> task<void> {
        auto plain = co_await fixture.connected();
        co_await plain.send_raw(hello_bytes());
        auto refused = co_await plain.receives_closing(code::protocol_error);
        CHECK(refused);
    });
}

TEST_CASE("a header that does not come in time ends the connection")
{
    auto options = behind_proxy();
    options.opening_time = std::chrono::milliseconds{50};
    options.login_grace = std::chrono::hours{1};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.connected();
        co_await slow.send_raw("PROXY TCP4 192.0.2.7 ");
        auto closed = co_await slow.receives_closing(code::timeout);
        CHECK(closed);
    });
}

TEST_CASE("a proxy that speaks for itself is heard under its own address")
{
    server_fixture fixture{behind_proxy()};
    fixture.run([&]() -> task<void> {
        auto proxy = co_await fixture.connected();
        co_await proxy.send_raw(std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16));
        co_await proxy.greet();
        co_await proxy.send(wire::closing{});
        co_await proxy.receive();
    });
    REQUIRE(fixture.log.count("connection_closed") == 1);
    CHECK(fixture.log.events("connection_closed")[0].field("address") == "127.0.0.1");
}

TEST_CASE("a proxy is not limited by its own address and its clients are by theirs")
{
    auto options = behind_proxy();
    options.max_connections_per_address = 2;
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> crowd;
        for (int i = 0; i < 10; ++i) {
            co_await comes_from(crowd.emplace_back(fixture.io), fixture, "192.0.2." + std::to_string(i));
        }
        test_client second{fixture.io};
        co_await comes_from(second, fixture, "192.0.2.3");
        auto evicted = co_await crowd[3].receives_closing(code::server_full);
        CHECK(evicted);
    });
}

TEST_CASE("who has not yet said where he is from counts for no network")
{
    auto options = behind_proxy();
    options.max_connections_per_address = 2;
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> crowd;
        for (int i = 0; i < 10; ++i) co_await crowd.emplace_back(fixture.io).connect(fixture.endpoint);
        for (int i = 0; i < 10; ++i) {
            auto& someone = crowd[static_cast<std::size_t>(i)];
            co_await someone.send_raw(header_for("192.0.2." + std::to_string(i)));
            co_await someone.greet();
        }
    });
}
