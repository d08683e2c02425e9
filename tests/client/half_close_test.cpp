// One direction of a connection ends before the other one.

#include "support/client_scripts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

namespace {

std::vector<step> open_script(std::vector<step> steps)
{
    std::vector<step> script{receive(kind::hello), send(open_welcome), send(open_granted)};
    for (auto& next : steps) script.push_back(std::move(next));
    return script;
}

client_options half_closing()
{
    auto options = plain();
    options.half_close = true;
    return options;
}

task<client> half_closing_client(scripted_server& server)
{
    auto const options = half_closing();
    auto conn = co_await client::connect(host, server.port(), options);
    if (!conn) throw std::runtime_error(describe(conn.error()));
    co_return std::move(*conn);
}

protocol::closing const end{0, "the service has ended"};

}  // namespace

TEST_CASE("after shutdown_send nothing is sent and receives go on")
{
    play(open_script({receive(kind::text), receive_end(), send(protocol::ping{base::as_bytes("no pong")}),
                      send(protocol::text{"late"}), send(end)}),
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             CHECK(conn.queue("last"));
             auto ended = co_await conn.shutdown_send();
             CHECK(ended);
             CHECK(conn.queue("more").error().cause == client_errc::not_sent);
             auto sent = co_await conn.send_data("more");
             CHECK(sent.error().cause == client_errc::not_sent);
             auto again = co_await conn.shutdown_send();
             CHECK(again);
             auto late = co_await conn.receive_text();
             REQUIRE(late);
             CHECK(*late == "late");
             auto none = co_await conn.receive();
             CHECK_FALSE(none);
             CHECK(conn.ended()->code == code::normal);
             CHECK(conn.receive_ended());
         });
}

TEST_CASE("close after shutdown_send waits for the server without another message")
{
    play(open_script({receive_end(), half_close()}), [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        auto ended = co_await conn.shutdown_send();
        CHECK(ended);
        co_await conn.close();
        CHECK(conn.ended()->code == code::normal);
        CHECK(server.received().size() == 1);
    });
}

TEST_CASE("after shutdown_send a server may end without closing")
{
    for (bool const half : {false, true}) {
        play(open_script({receive_end(), send(protocol::text{"answer"}), half_close()}),
             [half](scripted_server& server) -> task<void> {
                 auto options = plain();
                 options.half_close = half;
                 auto conn = co_await client::connect(host, server.port(), options);
                 REQUIRE(conn);
                 auto ended = co_await conn->shutdown_send();
                 CHECK(ended);
                 auto answer = co_await conn->receive_text();
                 CHECK(answer);
                 auto none = co_await conn->receive();
                 CHECK_FALSE(none);
                 CHECK(conn->receive_ended());
                 co_await conn->closed();
                 CHECK(conn->ended()->code == code::normal);
             });
    }
}

TEST_CASE("the sending side cannot be shut down before access")
{
    play({receive(kind::hello), send(authenticate), receive(kind::closing)}, [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        auto ended = co_await conn.shutdown_send();
        REQUIRE_FALSE(ended);
        CHECK(ended.error().code == code::unauthorized);
        co_await conn.close();
    });
}

TEST_CASE("a half-closing client sends after the closing of the server")
{
    play(open_script({send(protocol::text{"all"}), send(end), half_close(), receive(kind::data), receive(kind::data),
                      receive(kind::closing), receive_end()}),
         [](scripted_server& server) -> task<void> {
             auto conn = co_await half_closing_client(server);
             auto all = co_await conn.receive_text();
             CHECK(all);
             auto none = co_await conn.receive();
             CHECK_FALSE(none);
             CHECK(conn.receive_ended());
             CHECK(conn.ended() == nullptr);
             auto timed = co_await conn.receive_for(1h);
             CHECK(timed.error() == receive_errc::ended);
             auto first = co_await conn.send_data("one");
             CHECK(first);
             auto second = co_await conn.send_data("two");
             CHECK(second);
             co_await conn.close();
             CHECK(conn.ended()->code == code::normal);
             CHECK(server.received().at(2) == "\x41two");
         });
}

TEST_CASE("a half-closing client notices that the server is gone")
{
    play(open_script({send(end), half_close(), receive(kind::data), reset()}),
         [](scripted_server& server) -> task<void> {
             auto conn = co_await half_closing_client(server);
             auto none = co_await conn.receive();
             CHECK_FALSE(none);
             CHECK(conn.ended() == nullptr);
             CHECK(conn.queue_data("one"));
             co_await conn.closed();
             CHECK(conn.ended()->cause == client_errc::lost);
             auto sent = co_await conn.send_data("two");
             CHECK_FALSE(sent);
         });
}

TEST_CASE("a half-closing client fails at another code than normal")
{
    play(open_script({send(protocol::closing{9, "revoked"})}), [](scripted_server& server) -> task<void> {
        auto conn = co_await half_closing_client(server);
        auto none = co_await conn.receive();
        CHECK_FALSE(none);
        REQUIRE(conn.ended() != nullptr);
        CHECK(conn.ended()->code == code::session_ended);
    });
}

TEST_CASE("a request fails after the closing of the server")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted),
          receive(kind::list_sessions), send(end), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await half_closing_client(server);
             auto access = co_await conn.login("Alice", "right");
             REQUIRE(access);
             auto pending = co_await conn.sessions();
             REQUIRE_FALSE(pending);
             CHECK(pending.error().cause == client_errc::closed);
             auto late = co_await conn.sessions();
             CHECK_FALSE(late);
             CHECK(conn.ended() == nullptr);
             co_await conn.close();
         });
}

TEST_CASE("messages beyond the receive buffers all arrive")
{
    std::string const text(4000, 'x');
    std::string frames;
    for (int i = 0; i < 500; ++i) frames += frame_of(protocol::text{text});
    play(open_script({send_bytes(frames), send(end)}), [&](scripted_server& server) -> task<void> {
        auto options = plain();
        options.receive_buffer = 16 * 1024;
        options.max_receive_buffer = 32 * 1024;
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE(conn);
        int received = 0;
        for (;;) {
            auto each = co_await conn->receive();
            if (!each) break;
            ++received;
        }
        CHECK(received == 500);
        CHECK(conn->ended()->code == code::normal);
    });
}

TEST_CASE("a connection that is lost after a full receive buffer says so")
{
    std::string const text(4000, 'x');
    std::string frames;
    for (int i = 0; i < 10; ++i) frames += frame_of(protocol::text{text});
    play(open_script({send_bytes(frames), receive(kind::text), hang_up()}), [](scripted_server& server) -> task<void> {
        auto options = plain();
        options.receive_buffer = 8 * 1024;
        options.max_receive_buffer = 16 * 1024;
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE(conn);
        auto sent = co_await conn->send("go");
        CHECK(sent);
        while (server.received().size() < 2) co_await asio::post(porter::use_task);
        for (int i = 0; i < 1000; ++i) co_await asio::post(porter::use_task);  // the queue is full after few reads
        for (;;) {
            auto each = co_await conn->receive();
            if (!each) break;
        }
        CHECK(conn->ended()->cause == client_errc::lost);
        CHECK(conn->ended()->code == code::slow_consumer);
    });
}
