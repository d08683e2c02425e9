#include "support/client_scripts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

TEST_CASE("the server's frames may be 1 KiB longer than the client's limit")
{
    auto const larger_frames = welcome(protocol::access_mode::open, "", 8192);
    std::string const longest(8192 + 1024 - 1, 'x');
    play({receive(kind::hello), send(larger_frames), send(open_granted), send(protocol::text{longest}),
          receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto text = co_await conn.receive_text();
             REQUIRE(text);
             CHECK(text->size() == 9215);
             co_await conn.close();
         });
    play({receive(kind::hello), send(larger_frames), send(open_granted), send(protocol::text{longest + "x"}),
          receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto none = co_await conn.receive_text();
             CHECK_FALSE(none);
             CHECK(conn.ended()->code == code::frame_too_large);
             co_await conn.close();
         });
}

TEST_CASE("messages that arrived before the end are received first")
{
    auto const frames = frame_of(protocol::text{"one"}) + frame_of(protocol::data{base::as_bytes("two")}) +
                        frame_of(protocol::text{""}) + frame_of(protocol::closing{10, "restart"});
    play({receive(kind::hello), send(open_welcome), send(open_granted), send_bytes(frames)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto one = co_await conn.receive();
             REQUIRE(one);
             CHECK(one->body == "one");
             auto const* two = conn.next();
             REQUIRE(two != nullptr);
             CHECK_FALSE(two->is_text());
             CHECK(two->body == "two");
             auto three = co_await conn.receive_text();
             REQUIRE(three);
             CHECK(three->empty());
             auto none = co_await conn.receive_text();
             CHECK_FALSE(none);
             CHECK(conn.ended()->code == code::shutting_down);
             CHECK(conn.next() == nullptr);
         });
}

TEST_CASE("pings are answered while the client receives nothing")
{
    play({receive(kind::hello), send(open_welcome), send(open_granted),
          send(protocol::ping{base::as_bytes("ping body")}), receive(kind::pong),
          send(protocol::pong{base::as_bytes("unsolicited")}), receive(kind::text), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             while (server.received().size() < 2) co_await asio::post(porter::use_task);
             CHECK(server.received()[1] ==
                   "\x43"
                   "ping body");
             auto sent = co_await conn.send("text");
             CHECK(sent);
             co_await conn.close();
         });
}

TEST_CASE("texts that arrive before a reply are kept")
{
    protocol::sessions const two{{{7, 10, 20, 30, "127.0.0.1", true}, {8, 11, 21, 31, "192.0.2.7", false}}};
    play(
        {receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted),
         send(protocol::text{"before"}), receive(kind::list_sessions), send(protocol::text{"between"}), send(two),
         send(protocol::text{"after"}), receive(kind::revoke_session), send(protocol::denied{30, 0, "no such session"}),
         receive(kind::revoke_session), send(protocol::done{}), receive(kind::change_password), send(protocol::done{}),
         receive(kind::logout), send(protocol::done{}), send(protocol::closing{0, ""})},
        [](scripted_server& server) -> task<void> {
            auto conn = co_await connected(server);
            auto access = co_await conn.login("Alice", "right");
            REQUIRE(access);
            auto sessions = co_await conn.sessions();
            REQUIRE(sessions);
            REQUIRE(sessions->size() == 2);
            CHECK(sessions->front().current);
            CHECK(sessions->back().id == 8);
            CHECK(sessions->back().expires_at.time_since_epoch() == 31s);
            auto unknown = co_await conn.revoke(9);
            REQUIRE_FALSE(unknown);
            CHECK(unknown.error().code == code::not_found);
            auto revoked = co_await conn.revoke(8);
            CHECK(revoked);
            auto changed = co_await conn.change_password("right", "better");
            CHECK(changed);
            auto logged_out = co_await conn.logout(logout_scope::every_session);
            CHECK(logged_out);
            CHECK(server.received().back() == "\x07\x01");
            for (std::string const expected : {"before", "between", "after"}) {
                auto text = co_await conn.receive_text();
                REQUIRE(text);
                CHECK(*text == expected);
            }
            auto none = co_await conn.receive_text();
            CHECK_FALSE(none);
            CHECK(conn.ended()->code == code::normal);
        });
}

namespace {

task<void> request_sessions(client& conn, int& replies)
{
    auto sessions = co_await conn.sessions();
    CHECK(sessions);
    ++replies;
}

task<void> receive_all(client& conn, int& received)
{
    for (;;) {
        auto text = co_await conn.receive_text();
        if (!text) co_return;
        ++received;
    }
}

}  // namespace

TEST_CASE("one coroutine receives while others make requests")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted),
          receive(kind::list_sessions), receive(kind::list_sessions), send(protocol::text{"hi"}),
          send(protocol::sessions{}), send(protocol::sessions{}), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto access = co_await conn.login("Alice", "right");
             REQUIRE(access);
             int received = 0;
             int replies = 0;
             auto executor = co_await asio::this_coro::executor;
             auto const finished = [](std::exception_ptr failed) { CHECK_FALSE(failed); };
             asio::co_spawn(executor, receive_all(conn, received), finished);
             asio::co_spawn(executor, request_sessions(conn, replies), finished);
             co_await request_sessions(conn, replies);
             while (replies < 2 || received < 1) co_await asio::post(porter::use_task);
             co_await conn.close();
             while (conn.ended() == nullptr) co_await asio::post(porter::use_task);
             CHECK(received == 1);
         });
}

TEST_CASE("a denial of data is not taken for a reply")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted), receive(kind::data),
          receive(kind::list_sessions), send(protocol::denied{29, 0, "texts only"}), send(protocol::sessions{}),
          receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto access = co_await conn.login("Alice", "right");
             REQUIRE(access);
             auto sent = co_await conn.send_data(std::string{"\0\1", 2});
             CHECK(sent);
             auto sessions = co_await conn.sessions();
             CHECK(sessions);
             REQUIRE(conn.refused_data() != nullptr);
             CHECK(conn.refused_data()->reason == "texts only");
             co_await conn.close();
         });
}

TEST_CASE("closing discards input until the server closes")
{
    play({receive(kind::hello), send(open_welcome), send(open_granted), receive(kind::text), receive(kind::closing),
          receive_end(), send(protocol::text{"late"}), half_close()},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto sent = co_await conn.send("bye");
             CHECK(sent);
             co_await conn.close();
             CHECK(server.received().size() == 3);
             auto none = co_await conn.receive();
             CHECK_FALSE(none);
             co_await conn.close();
         });
}

TEST_CASE("a connection that the server half-closes is lost")
{
    play({receive(kind::hello), send(open_welcome), send(open_granted), send(protocol::text{"bye"}), half_close(),
          receive_end()},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto text = co_await conn.receive_text();
             CHECK(text);
             auto none = co_await conn.receive_text();
             CHECK_FALSE(none);
             CHECK(conn.ended()->cause == client_errc::lost);
         });
}

TEST_CASE("destroying a client drops the connection")
{
    play({receive(kind::hello), send(open_welcome), send(open_granted), receive_end()},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto moved = std::move(conn);
             CHECK(moved.granted() != nullptr);
         });
}

TEST_CASE("destroying the io_context of a running client leaks nothing")
{
    asio::io_context io;
    scripted_server server{io, {receive(kind::hello), send(open_welcome), send(open_granted), receive(kind::text)}};
    auto const receive_once = [](scripted_server& peer, asio::io_context& context) -> task<void> {
        auto conn = co_await connected(peer);
        context.stop();
        auto none = co_await conn.receive();
        CHECK_FALSE(none);
    };
    auto const ignored = [](std::exception_ptr) {};
    asio::co_spawn(io, server.play(), ignored);
    asio::co_spawn(io, receive_once(server, io), ignored);
    io.run();
}
