// Visitors who come by a proxy (promise N10).
#include "support/catch.hpp"
#include "support/test_house.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = rooms::protocol;

namespace {

/// A house that takes this machine for a proxy.
rooms::server::options behind_proxy()
{
    rooms::server::options rules;
    rules.access = wire::access_mode::identify;
    rules.proxies.push_back(*rooms::base::network::parse("127.0.0.0/8"));
    return rules;
}

std::string header_for(std::string const& client)
{
    return "PROXY TCP4 " + client + " 198.51.100.9 55555 7678\r\n";
}

std::string hello_bytes()
{
    return std::string{"\0\0\0\5\1\1\0\1t", 9};
}

task<void> comes_from(visitor& someone, test_house& house, std::string client)
{
    co_await someone.connect(house.where);
    co_await someone.say_raw(header_for(client));
    co_await someone.greet();
}

}  // namespace

TEST_CASE("behind a proxy the header's address is the visitor's in the greeting and in the log")
{
    test_house house{behind_proxy()};
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await comes_from(alice, house, "192.0.2.7");
        wire::identify asked;
        asked.name = "Alice";
        co_await alice.say(asked);
        co_await alice.hear<wire::granted>();

        visitor again{house.io};
        co_await again.connect(house.where);
        co_await again.say_raw(header_for("192.0.2.7"));
        auto welcome = co_await again.greet();
        CHECK(welcome.known_as == "Alice");
        visitor stranger{house.io};
        co_await stranger.connect(house.where);
        co_await stranger.say_raw(header_for("192.0.2.8"));
        auto other = co_await stranger.greet();
        CHECK(other.known_as.empty());
    };
    house.run(scene());
    REQUIRE(house.log.count("identified") == 1);
    CHECK(house.log.events("identified")[0].field("address") == "192.0.2.7");
    for (auto const& each : house.log.events()) {
        // At debug stands what the proxy did before its header was read.
        if (each.severity >= rooms::log::level::info) CHECK(each.field("address") != "127.0.0.1");
    }
}

TEST_CASE("what follows a header in the same segment is the visitor's first frame")
{
    test_house house{behind_proxy()};
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await someone.connect(house.where);
        co_await someone.say_raw(header_for("192.0.2.7") + hello_bytes());
        co_await someone.hear<wire::welcome>();
    };
    house.run(scene());
}

TEST_CASE("a header may come byte by byte")
{
    test_house house{behind_proxy()};
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await someone.connect(house.where);
        auto executor = co_await asio::this_coro::executor;
        for (char const each : header_for("192.0.2.7") + hello_bytes()) {
            co_await someone.say_raw(std::string(1, each));
            for (int i = 0; i < 5; ++i) co_await asio::post(executor, use_task);
        }
        co_await someone.hear<wire::welcome>();
    };
    house.run(scene());
}

TEST_CASE("where proxies are expected a visitor without a header is refused")
{
    test_house house{behind_proxy()};
    auto scene = [&]() -> task<void> {
        visitor plain{house.io};
        co_await plain.connect(house.where);
        co_await plain.say_raw(hello_bytes());
        auto refused = co_await plain.hears_closing(code::protocol_error);
        CHECK(refused);
    };
    house.run(scene());
}

TEST_CASE("a header that does not come in time ends the connection")
{
    auto rules = behind_proxy();
    rules.opening_time = std::chrono::milliseconds{50};
    rules.login_grace = std::chrono::hours{1};
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        visitor slow{house.io};
        co_await slow.connect(house.where);
        co_await slow.say_raw("PROXY TCP4 192.0.2.7 ");
        auto closed = co_await slow.hears_closing(code::timeout);
        CHECK(closed);
    };
    house.run(scene());
}

TEST_CASE("a proxy that speaks for itself is heard under its own address")
{
    test_house house{behind_proxy()};
    auto scene = [&]() -> task<void> {
        visitor proxy{house.io};
        co_await proxy.connect(house.where);
        co_await proxy.say_raw(std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16));
        co_await proxy.greet();
        co_await proxy.say(wire::closing{});
        co_await proxy.hear();
    };
    house.run(scene());
    REQUIRE(house.log.count("connection_closed") == 1);
    CHECK(house.log.events("connection_closed")[0].field("address") == "127.0.0.1");
}

TEST_CASE("a proxy is not limited by its own address and its clients are by theirs")
{
    auto rules = behind_proxy();
    rules.max_connections_per_address = 2;
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        std::deque<visitor> crowd;
        for (int i = 0; i < 10; ++i) {
            co_await comes_from(crowd.emplace_back(house.io), house, "192.0.2." + std::to_string(i));
        }
        visitor second{house.io};
        co_await comes_from(second, house, "192.0.2.3");
        auto evicted = co_await crowd[3].hears_closing(code::server_full);
        CHECK(evicted);
    };
    house.run(scene());
}

TEST_CASE("who has not yet said where he is from counts for no network")
{
    auto rules = behind_proxy();
    rules.max_connections_per_address = 2;
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        std::deque<visitor> crowd;
        for (int i = 0; i < 10; ++i) co_await crowd.emplace_back(house.io).connect(house.where);
        for (int i = 0; i < 10; ++i) {
            auto& someone = crowd[static_cast<std::size_t>(i)];
            co_await someone.say_raw(header_for("192.0.2." + std::to_string(i)));
            co_await someone.greet();
        }
    };
    house.run(scene());
}
