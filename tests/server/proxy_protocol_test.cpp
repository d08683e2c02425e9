// Connections through a proxy (promise N10).
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

/// Options of a server behind a proxy on this machine.
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

/// A greeted client behind the proxy, from this address.
task<test_client> greeted_from(server_fixture& fixture, std::string address)
{
    auto client = co_await fixture.connected();
    co_await client.send_raw(header_for(address));
    co_await client.greet();
    co_return client;
}

}  // namespace

TEST_CASE("behind a proxy the header's address is the client's in the welcome and in the log")
{
    server_fixture fixture{behind_proxy()};
    fixture.run([&]() -> task<void> {
        auto alice = co_await greeted_from(fixture, "192.0.2.7");
        wire::identify request;
        request.name = "Alice";
        co_await alice.send(request);
        co_await alice.receive<wire::granted>();

        auto again = co_await fixture.connected();
        co_await again.send_raw(header_for("192.0.2.7"));
        auto welcome = co_await again.greet();
        CHECK(welcome.known_as == "Alice");
        auto unknown = co_await fixture.connected();
        co_await unknown.send_raw(header_for("192.0.2.8"));
        auto other = co_await unknown.greet();
        CHECK(other.known_as.empty());
    });
    REQUIRE(fixture.log.count("identified") == 1);
    CHECK(fixture.log.events("identified")[0].field("address") == "192.0.2.7");
    for (auto const& each : fixture.log.events()) {
        // Events at debug precede the header: their address is the proxy's.
        if (each.level >= detail::log::level::info) CHECK(each.field("address") != "127.0.0.1");
    }
}

TEST_CASE("bytes after a header in the same segment are the client's first frame")
{
    server_fixture fixture{behind_proxy()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        co_await client.send_raw(header_for("192.0.2.7") + hello_bytes());
        co_await client.receive<wire::welcome>();
    });
}

TEST_CASE("a header may arrive byte by byte")
{
    server_fixture fixture{behind_proxy()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        for (char const each : header_for("192.0.2.7") + hello_bytes()) {
            co_await client.send_raw(std::string(1, each));
            co_await yield(5);
        }
        co_await client.receive<wire::welcome>();
    });
}

TEST_CASE("a connection from a proxy without a header is rejected")
{
    server_fixture fixture{behind_proxy()};
    fixture.run([&]() -> task<void> {
        auto plain = co_await fixture.connected();
        co_await plain.send_raw(hello_bytes());
        auto rejected = co_await plain.receives_closing(code::protocol_error);
        CHECK(rejected);
    });
}

TEST_CASE("a header that is incomplete after its time ends the connection")
{
    auto options = behind_proxy();
    options.proxy_header_time = std::chrono::milliseconds{50};
    options.login_grace = std::chrono::hours{1};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.connected();
        co_await slow.send_raw("PROXY TCP4 192.0.2.7 ");
        auto closed = co_await slow.receives_closing(code::timeout);
        CHECK(closed);
    });
}

TEST_CASE("a LOCAL connection of a proxy has the proxy's address")
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
        std::deque<test_client> clients;
        for (int i = 0; i < 10; ++i) {
            auto one = co_await greeted_from(fixture, "192.0.2." + std::to_string(i));
            clients.push_back(std::move(one));
        }
        auto second = co_await greeted_from(fixture, "192.0.2.3");
        auto evicted = co_await clients[3].receives_closing(code::server_full);
        CHECK(evicted);
    });
}

TEST_CASE("a connection of a proxy counts for no network before its header")
{
    auto options = behind_proxy();
    options.max_connections_per_address = 2;
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> clients;
        for (int i = 0; i < 10; ++i) co_await clients.emplace_back(fixture.io).connect(fixture.endpoint);
        for (int i = 0; i < 10; ++i) {
            auto& client = clients[static_cast<std::size_t>(i)];
            co_await client.send_raw(header_for("192.0.2." + std::to_string(i)));
            co_await client.greet();
        }
    });
}
