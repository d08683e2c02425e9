// Many connections that receive input at the same time are all read, whatever happens to others in the same round.
#include <deque>

#include "support/catch.hpp"
#include "support/server_fixture.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

/// A server and clients with access.
struct busy_server {
    explicit busy_server(int size) : fixture(open_access())
    {
        fixture.context.tls = &tls;
        for (int i = 0; i < size; ++i) clients.emplace_back(fixture.io);
    }

    /// Connects all clients; every third uses TLS.
    task<void> connect()
    {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % 3 == 2) {
                co_await clients[i].connect_tls(fixture.endpoint);
            } else {
                co_await clients[i].connect(fixture.endpoint);
            }
            co_await clients[i].greet();
            co_await clients[i].receive_access();
        }
    }

    /// Sends a text from all clients; those without TLS at once, so that the server reads them in one round.
    task<void> send(std::string body)
    {
        for (auto& each : clients) {
            each.queue(wire::text{body});
            if (each.socket().is_tls()) co_await each.flush();
        }
        for (auto& each : clients) {
            detail::base::error_code error;
            auto& output = each.socket().encoder();
            auto const bytes = output.pending();
            output.consume(each.socket().try_write_some({bytes.data(), bytes.size()}, error));
        }
    }

    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
    server_fixture fixture;
    std::deque<test_client> clients;
};

task<void> expect_echo(test_client& client, std::string body)
{
    auto const echo = co_await client.receive<wire::text>();
    CHECK(echo.body == body);
}

}  // namespace

TEST_CASE("clients that send at the same time are all answered again and again")
{
    busy_server server{12};
    server.fixture.run([&]() -> task<void> {
        co_await server.connect();
        for (int i = 0; i < 5; ++i) {
            auto const first = "first " + std::to_string(i);
            auto const second = std::string(20'000, 'x') + std::to_string(i);
            co_await server.send(first);
            co_await server.send(second);
            for (auto& each : server.clients) {
                co_await expect_echo(each, first);
                co_await expect_echo(each, second);
            }
        }
    });
    CHECK(server.fixture.server->defects() == 0);
}

TEST_CASE("input that arrives while reads are scheduled is read")
{
    constexpr int texts = 40;
    busy_server server{12};
    server.fixture.run([&]() -> task<void> {
        co_await server.connect();
        for (int i = 0; i < texts; ++i) {
            co_await server.send("text " + std::to_string(i));
            co_await yield();
        }
        for (auto& each : server.clients) {
            for (int i = 0; i < texts; ++i) co_await expect_echo(each, "text " + std::to_string(i));
        }
    });
    CHECK(server.fixture.server->defects() == 0);
}

TEST_CASE("a client that disconnects while reads are scheduled does not affect the others")
{
    busy_server server{9};
    server.fixture.run([&]() -> task<void> {
        co_await server.connect();
        co_await server.send("one");
        for (auto& each : server.clients) co_await expect_echo(each, "one");
        co_await server.send("two");
        server.clients[0].reset();
        server.clients[3].half_close();
        server.clients[8].reset();
        for (std::size_t i = 1; i < 8; ++i) co_await expect_echo(server.clients[i], "two");
        auto const more = co_await server.clients[3].receive();
        CHECK(!more);
        for (std::size_t i = 4; i < 8; ++i) {
            co_await server.clients[i].send(wire::text{"three"});
            co_await expect_echo(server.clients[i], "three");
        }
    });
    CHECK(server.fixture.server->defects() == 0);
}

TEST_CASE("stop ends every connection wherever it is in a round of reads")
{
    bool const all_at_once = GENERATE(true, false);
    for (int steps = 0; steps < 16; ++steps) {
        CAPTURE(steps);
        busy_server server{9};
        server.fixture.run([&]() -> task<void> {
            co_await server.connect();
            co_await server.send("one");
            for (auto& each : server.clients) co_await expect_echo(each, "one");
            if (all_at_once) {
                co_await server.send("two");
            } else {
                co_await server.clients[static_cast<std::size_t>(steps) % 9].send(wire::text{"two"});
            }
            co_await yield(steps);
            server.fixture.server->stop();
            for (auto& each : server.clients) {
                auto reply = co_await each.receive();
                if (reply && std::holds_alternative<wire::text>(*reply)) reply = co_await each.receive();
                auto const* closing = reply ? std::get_if<wire::closing>(&*reply) : nullptr;
                REQUIRE(closing != nullptr);
                CHECK(closing->code == static_cast<std::uint16_t>(code::shutting_down));
                each.socket().close();
            }
        });
        server.fixture.io.restart();
        server.fixture.io.run();  // returns: no connection is left waiting
        CHECK(server.fixture.server->defects() == 0);
    }
}
