// The log lines of a connection.
#include "support/catch.hpp"
#include "support/server_fixture.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using detail::log::level;

namespace {

/// The size of a message's frame, in bytes.
template <typename Message>
std::size_t frame_size(Message const& message)
{
    std::string payload;
    wire::encode(message, payload);
    return frame_header_size + payload.size();
}

/// The event of the end of the only connection.
recorded_event only_end(server_fixture const& fixture)
{
    auto found = fixture.log.events("connection_closed");
    for (auto& each : fixture.log.events("connection_lost")) found.push_back(std::move(each));
    REQUIRE(found.size() == 1);
    return found[0];
}

/// Options of a server behind a proxy on this machine.
detail::server::options behind_proxy()
{
    auto options = open_access();
    options.proxies.push_back(*detail::base::network::parse("127.0.0.0/8"));
    return options;
}

/// Connects, sends these bytes and ends the connection, by a reset or a half-close.
recorded_event probe(detail::server::options options, std::string bytes, bool resets)
{
    server_fixture fixture{std::move(options)};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        while (fixture.log.count("connection_accepted") == 0) co_await yield();
        co_await client.send_raw(bytes);
        if (resets) {
            client.reset();
        } else {
            client.half_close();
        }
        co_await fixture.wait_for_connections(0);
    });
    return only_end(fixture);
}

std::string const local_header{"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16};

/// The names of the events of this level, in their order.
std::vector<std::string> names_of(server_fixture const& fixture, level severity)
{
    std::vector<std::string> names;
    for (auto const& each : fixture.log.events()) {
        if (each.level == severity) names.push_back(each.event);
    }
    return names;
}

}  // namespace

TEST_CASE("the line of a connection's end counts messages and bytes")
{
    server_fixture fixture{open_access()};
    std::size_t sent = 0;
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        auto const welcome = co_await client.greet();
        sent += frame_size(welcome);
        auto const granted = co_await client.receive<wire::granted>();
        sent += frame_size(granted);
        for (int i = 0; i < 2; ++i) {
            co_await client.send(wire::text{"hello"});
            auto const echoed = co_await client.receive<wire::text>();
            sent += frame_size(echoed);
        }
        co_await client.send(wire::ping{});
        auto const pong = co_await client.receive<wire::pong>();
        sent += frame_size(pong);
        co_await client.send(wire::closing{});
        co_await client.receive();
    });
    auto const end = only_end(fixture);
    CHECK(end.level == level::info);
    CHECK(end.field("code") == "by_peer");
    CHECK(end.field("messages_in") == "5");
    CHECK(end.field("messages_out") == "5");
    wire::hello hello;
    hello.agent = "test";
    auto const received = frame_size(hello) + 2 * frame_size(wire::text{"hello"}) + frame_size(wire::ping{}) +
                          frame_size(wire::closing{});
    CHECK(end.field("bytes_in") == std::to_string(received));
    CHECK(end.field("bytes_out") == std::to_string(sent));
    CHECK_FALSE(end.field("seconds").empty());
}

TEST_CASE("many connections that send nothing make one line at info")
{
    auto options = open_access();
    options.activity_write_period = std::chrono::seconds{1};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        while (fixture.log.count("silent_connections") == 0) {
            auto client = co_await fixture.connected();
            client.reset();
        }
    });
    auto const counted = fixture.log.events("silent_connections").at(0);
    CHECK(counted.level == level::info);
    CHECK(std::stoi(counted.field("count")) > 60);
    CHECK(fixture.log.events("connection_lost").at(0).level == level::debug);
}

TEST_CASE("the reason of a closing is logged with its code")
{
    server_fixture fixture{open_access()};
    std::string reason;
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        wire::hello hello;
        hello.version = 9;
        co_await client.send(hello);
        auto const closing = co_await client.receive<wire::closing>();
        reason = closing.reason;
    });
    auto const end = only_end(fixture);
    CHECK(end.field("code") == "unsupported_version");
    CHECK_FALSE(reason.empty());
    CHECK(end.field("reason") == reason);
}

TEST_CASE("the reason of a rejected connection is logged")
{
    auto options = open_access();
    options.max_connections = 1;
    server_fixture fixture{options};
    std::string reason;
    fixture.run([&]() -> task<void> {
        auto admitted = co_await fixture.admitted();
        auto rejected = co_await fixture.connected();
        auto const closing = co_await rejected.receive<wire::closing>();
        reason = closing.reason;
    });
    auto const ends = fixture.log.events("connection_closed");
    REQUIRE_FALSE(ends.empty());
    CHECK(ends[0].field("code") == "server_full");
    CHECK(ends[0].field("reason") == reason);
    CHECK(ends[0].level == level::info);
}

TEST_CASE("a health check that connects and closes is logged at debug only")
{
    auto const direct = open_access();
    for (bool const resets : {false, true}) {
        CHECK(probe(direct, "", resets).level == level::debug);
        CHECK(probe(behind_proxy(), "", resets).level == level::debug);
    }
    CHECK(probe(behind_proxy(), local_header, false).level == level::debug);
    CHECK(probe(behind_proxy(), "PROXY UNKNOWN\r\n", false).level == level::debug);
}

TEST_CASE("a connection that sends a byte is logged at info")
{
    auto const direct = open_access();
    CHECK(probe(direct, std::string(1, '\0'), false).level == level::info);
    CHECK(probe(direct, "GET / HTTP/1.1\r\n\r\n", false).level == level::info);
    CHECK(probe(behind_proxy(), local_header + '\0', false).level == level::info);
    auto const half_a_header = probe(behind_proxy(), "PROXY TCP4 192.0.2.7", false);
    CHECK(half_a_header.level == level::info);
    CHECK(half_a_header.field("code") == "cut_off");
}

TEST_CASE("an aborted TLS handshake is logged at info")
{
    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
    server_fixture fixture{open_access()};
    fixture.context.tls = &tls;
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        co_await client.send_raw("\x16\x03\x01");
        client.half_close();
        co_await fixture.wait_for_connections(0);
    });
    CHECK(only_end(fixture).level == level::info);
}

TEST_CASE("the level debug logs each step of a connection")
{
    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
    auto options = detail::server::options{};
    options.proxies.push_back(*detail::base::network::parse("127.0.0.0/8"));
    server_fixture fixture{options};
    fixture.context.tls = &tls;
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        co_await client.send_raw("PROXY TCP4 192.0.2.7 198.51.100.9 55555 7678\r\n");
        static detail::tls::client_context const context;
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::minutes{2};
        auto const server_identity = co_await client.socket().connect_tls(context, "localhost", deadline);
        REQUIRE(server_identity);
        co_await client.greet();
        wire::login login;
        login.name = "Alice";
        login.password = "a wrong password";
        co_await client.send(login);
        co_await client.receive<wire::denied>();
        co_await client.send(wire::closing{});
        co_await client.receive();
    });
    CHECK(names_of(fixture, level::debug) == std::vector<std::string>{"connection_accepted", "proxy_header_read",
                                                                      "tls_established", "hello_received",
                                                                      "request_denied"});
    CHECK(fixture.log.events("proxy_header_read")[0].field("address") == "192.0.2.7");
    CHECK(fixture.log.events("proxy_header_read")[0].field("proxy") == "127.0.0.1");
    auto const agreed = fixture.log.events("tls_established")[0];
    CHECK(agreed.field("version") == "TLSv1.3");
    CHECK(agreed.field("cipher").starts_with("TLS_"));
    CHECK_FALSE(agreed.field("group").empty());
    CHECK(fixture.log.events("hello_received")[0].field("agent") == "test");
    auto const denied = fixture.log.events("request_denied")[0];
    CHECK(denied.field("code") == "bad_credentials");
    CHECK_FALSE(denied.field("reason").empty());
}

TEST_CASE("the level trace logs the kind and length of each message and never its content")
{
    server_fixture fixture;
    std::string token;
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.registered("Alice");
        token = client.token();
        co_await client.send(wire::text{"a secret of Alice's"});
        co_await client.receive<wire::text>();
        co_await client.send_raw(std::string("\0\0\0\1\x7f", 5));
        co_await client.receive<wire::closing>();
    });
    std::string trace;
    for (auto const& each : fixture.log.events()) {
        if (each.level != level::trace) continue;
        CHECK(each.field("address") == "127.0.0.1");
        trace += (each.event == "message_sent" ? " >" : " <") + each.field("kind");
    }
    CHECK(trace == " <hello >welcome <register >granted <text >text <127 >closing");
    auto const texts = fixture.log.events("message_received")[2];
    CHECK(texts.field("bytes") == std::to_string(frame_size(wire::text{"a secret of Alice's"})));
    for (std::string_view const secret :
         {std::string_view{"horse"}, std::string_view{token}.substr(4), std::string_view{"secret of"}}) {
        CHECK_FALSE(fixture.log.mentions(secret));
    }
}
