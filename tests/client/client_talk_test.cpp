#include "support/client_scripts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

TEST_CASE("after access the server's frames may be a little longer than the client's")
{
    auto const larger_frames = welcome(protocol::access_mode::open, "", 8192);
    std::string const longest(8192 + 1024 - 1, 'x');
    play({hear(kind::hello), say(larger_frames), say(by_nothing), say(protocol::text{longest}), hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto text = co_await door.receive_text();
             REQUIRE(text);
             CHECK(text->size() == 9215);
             co_await door.close();
         });
    play({hear(kind::hello), say(larger_frames), say(by_nothing), say(protocol::text{longest + "x"}),
          hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto none = co_await door.receive_text();
             CHECK_FALSE(none);
             CHECK(door.ended()->what == code::frame_too_large);
             co_await door.close();
         });
}

TEST_CASE("what came before the end is received before it")
{
    auto const frames = frame_of(protocol::text{"one"}) + frame_of(protocol::data{base::as_bytes("two")}) +
                        frame_of(protocol::text{""}) + frame_of(protocol::closing{10, "restart"});
    play({hear(kind::hello), say(open_to_all), say(by_nothing), say_bytes(frames)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto one = co_await door.receive();
             REQUIRE(one);
             CHECK(one->body == "one");
             auto const* two = door.next();
             REQUIRE(two != nullptr);
             CHECK_FALSE(two->is_text());
             CHECK(two->body == "two");
             auto three = co_await door.receive_text();
             REQUIRE(three);
             CHECK(three->empty());
             auto none = co_await door.receive_text();
             CHECK_FALSE(none);
             CHECK(door.ended()->what == code::shutting_down);
             CHECK(door.next() == nullptr);
         });
}

TEST_CASE("pings are answered whatever the client does")
{
    play({hear(kind::hello), say(open_to_all), say(by_nothing), say(protocol::ping{base::as_bytes("are you there")}),
          hear(kind::pong), say(protocol::pong{base::as_bytes("unasked")}), hear(kind::text), hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             while (server.heard().size() < 2) co_await asio::post(porter::use_task);
             CHECK(server.heard()[1] ==
                   "\x43"
                   "are you there");
             auto sent = co_await door.send("yes");
             CHECK(sent);
             co_await door.close();
         });
}

TEST_CASE("texts that come before an answer are kept")
{
    protocol::sessions const two{{{7, 10, 20, 30, "127.0.0.1", true}, {8, 11, 21, 31, "192.0.2.7", false}}};
    play({hear(kind::hello), say(authenticate), hear(kind::login), say(by_login), say(protocol::text{"before"}),
          hear(kind::list_sessions), say(protocol::text{"between"}), say(two), say(protocol::text{"after"}),
          hear(kind::revoke_session), say(protocol::denied{30, 0, "no such session"}), hear(kind::revoke_session),
          say(protocol::done{}), hear(kind::change_password), say(protocol::done{}), hear(kind::logout),
          say(protocol::done{}), say(protocol::closing{0, ""})},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto access = co_await door.login("Alice", "right");
             REQUIRE(access);
             auto sessions = co_await door.sessions();
             REQUIRE(sessions);
             REQUIRE(sessions->size() == 2);
             CHECK(sessions->front().current);
             CHECK(sessions->back().id == 8);
             CHECK(sessions->back().expires_at.time_since_epoch() == 31s);
             auto missing = co_await door.revoke(9);
             REQUIRE_FALSE(missing);
             CHECK(missing.error().what == code::not_found);
             auto revoked = co_await door.revoke(8);
             CHECK(revoked);
             auto changed = co_await door.change_password("right", "better");
             CHECK(changed);
             auto out = co_await door.logout(logout_scope::every_session);
             CHECK(out);
             CHECK(server.heard().back() == "\x07\x01");
             for (std::string const expected : {"before", "between", "after"}) {
                 auto text = co_await door.receive_text();
                 REQUIRE(text);
                 CHECK(*text == expected);
             }
             auto none = co_await door.receive_text();
             CHECK_FALSE(none);
             CHECK(door.ended()->what == code::normal);
         });
}

namespace {

task<void> ask_for_sessions(client& door, int& answered)
{
    auto sessions = co_await door.sessions();
    CHECK(sessions);
    ++answered;
}

task<void> receive_all(client& door, int& received)
{
    for (;;) {
        auto text = co_await door.receive_text();
        if (!text) co_return;
        ++received;
    }
}

}  // namespace

TEST_CASE("one coroutine receives while others ask")
{
    play({hear(kind::hello), say(authenticate), hear(kind::login), say(by_login), hear(kind::list_sessions),
          hear(kind::list_sessions), say(protocol::text{"hi"}), say(protocol::sessions{}), say(protocol::sessions{}),
          hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto access = co_await door.login("Alice", "right");
             REQUIRE(access);
             int received = 0;
             int answered = 0;
             auto executor = co_await asio::this_coro::executor;
             auto const reports = [](std::exception_ptr failed) { CHECK_FALSE(failed); };
             asio::co_spawn(executor, receive_all(door, received), reports);
             asio::co_spawn(executor, ask_for_sessions(door, answered), reports);
             co_await ask_for_sessions(door, answered);
             while (answered < 2 || received < 1) co_await asio::post(porter::use_task);
             co_await door.close();
             while (door.ended() == nullptr) co_await asio::post(porter::use_task);
             CHECK(received == 1);
         });
}

TEST_CASE("a service that takes no data says so beside the answers")
{
    play({hear(kind::hello), say(authenticate), hear(kind::login), say(by_login), hear(kind::data),
          hear(kind::list_sessions), say(protocol::denied{29, 0, "texts only"}), say(protocol::sessions{}),
          hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto access = co_await door.login("Alice", "right");
             REQUIRE(access);
             auto sent = co_await door.send_data(std::string{"\0\1", 2});
             CHECK(sent);
             auto sessions = co_await door.sessions();
             CHECK(sessions);
             REQUIRE(door.refused_data() != nullptr);
             CHECK(door.refused_data()->reason == "texts only");
             co_await door.close();
         });
}

TEST_CASE("closing hears the server out")
{
    play({hear(kind::hello), say(open_to_all), say(by_nothing), hear(kind::text), hear(kind::closing), hear_end(),
          say(protocol::text{"a last word"}), half_close()},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto sent = co_await door.send("bye");
             CHECK(sent);
             co_await door.close();
             CHECK(server.heard().size() == 3);
             auto none = co_await door.receive();
             CHECK_FALSE(none);
             co_await door.close();
         });
}

TEST_CASE("a half-closed server is a lost connection")
{
    play({hear(kind::hello), say(open_to_all), say(by_nothing), say(protocol::text{"bye"}), half_close(), hear_end()},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto text = co_await door.receive_text();
             CHECK(text);
             auto none = co_await door.receive_text();
             CHECK_FALSE(none);
             CHECK(door.ended()->why == cause::lost);
         });
}

TEST_CASE("a destroyed client cuts the connection")
{
    play({hear(kind::hello), say(open_to_all), say(by_nothing), hear_end()}, [](scripted_server& server) -> task<void> {
        auto door = co_await connected(server);
        auto moved = std::move(door);
        CHECK(moved.granted() != nullptr);
    });
}

TEST_CASE("a context destroyed in the middle leaks nothing")
{
    asio::io_context io;
    scripted_server server{io, {hear(kind::hello), say(open_to_all), say(by_nothing), hear(kind::text)}};
    auto const visit = [](scripted_server& at, asio::io_context& stopped) -> task<void> {
        auto door = co_await connected(at);
        stopped.stop();
        auto none = co_await door.receive();
        CHECK_FALSE(none);
    };
    auto const ignored = [](std::exception_ptr) {};
    asio::co_spawn(io, server.play(), ignored);
    asio::co_spawn(io, visit(server, io), ignored);
    io.run();
}
