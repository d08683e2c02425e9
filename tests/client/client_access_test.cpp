#include "support/client_scripts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

TEST_CASE("a login gives what the server grants")
{
    play({hear(kind::hello), say(authenticate), hear(kind::login), say(by_login), hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto access = co_await door.login("Alice", "correct horse");
             REQUIRE(access);
             CHECK(access->via == via::login);
             CHECK(access->name == "Alice");
             CHECK(access->session_id == 7);
             CHECK(access->token == "prt_token");
             CHECK(access->expires_at.time_since_epoch() == 2000s);
             REQUIRE(access->last_login_at);
             CHECK(access->last_login_at->time_since_epoch() == 1000s);
             CHECK(access->last_address == "192.0.2.7");
             CHECK(access->failed_since == 3);
             REQUIRE(door.granted() != nullptr);
             CHECK(door.granted()->name == "Alice");
             CHECK(door.granted()->token.empty());
             std::string const sent{
                 "\x04\0\x05"
                 "Alice\0\x0d"
                 "correct horse",
                 23};
             CHECK(server.heard().at(1) == sent);
             co_await door.close();
         });
}

TEST_CASE("where everybody is let in access is there when connected")
{
    play({hear(kind::hello), say(open_to_all), say(by_nothing), hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             REQUIRE(door.granted() != nullptr);
             CHECK(door.granted()->via == via::open);
             co_await door.close();
         });
}

TEST_CASE("a known address is let in where names are enough")
{
    protocol::granted const by_address{protocol::via::address, "Bob", 0, "", 0, 0, "", 0};
    auto const frames = frame_of(welcome(protocol::access_mode::identify, "Bob")) + frame_of(by_address);
    play({hear(kind::hello), say_bytes(frames), hear(kind::identify),
          say(protocol::granted{protocol::via::identify, "Carol", 0, "", 0, 0, "", 0}), hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             REQUIRE(door.granted() != nullptr);
             CHECK(door.granted()->name == "Bob");
             auto renamed = co_await door.identify("Carol");
             REQUIRE(renamed);
             CHECK(door.granted()->name == "Carol");
             co_await door.close();
         });
}

TEST_CASE("an unknown address says its name")
{
    play({hear(kind::hello), say(welcome(protocol::access_mode::identify)), hear(kind::identify),
          say(protocol::denied{22, 0, "a name has 1 to 64 characters"}), hear(kind::identify),
          say(protocol::granted{protocol::via::identify, "Bob", 0, "", 0, 0, "", 0}), hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             CHECK(door.granted() == nullptr);
             auto denied = co_await door.identify("");
             REQUIRE_FALSE(denied);
             CHECK(denied.error().what == code::invalid_name);
             auto access = co_await door.identify("Bob");
             REQUIRE(access);
             co_await door.close();
         });
}

TEST_CASE("every refusal comes as its code and the next try may follow")
{
    auto const what = GENERATE(range(20, 31));
    protocol::denied const denial{static_cast<std::uint16_t>(what), 5, "because"};
    play({hear(kind::hello), say(authenticate), hear(kind::login), say(denial), hear(kind::register_account),
          say(denial), hear(kind::resume), say(denial), hear(kind::login), say(by_login)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto login = co_await door.login("Alice", "wrong");
             REQUIRE_FALSE(login);
             CHECK(login.error().why == cause::denied);
             CHECK(login.error().what >= code::bad_credentials);
             CHECK(login.error().reason == "because");
             CHECK(login.error().retry_after == 5s);
             auto registered = co_await door.register_account("Alice", "wrong");
             CHECK_FALSE(registered);
             auto resumed = co_await door.resume("prt_x");
             CHECK_FALSE(resumed);
             auto right = co_await door.login("Alice", "right");
             CHECK(right);
         });
}

TEST_CASE("a code that this version does not know is handed on")
{
    play({hear(kind::hello), say(authenticate), hear(kind::login), say(protocol::denied{999, 0, "new"})},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto login = co_await door.login("Alice", "wrong");
             REQUIRE_FALSE(login);
             CHECK(static_cast<int>(login.error().what) == 999);
             CHECK(describe(login.error()) == "denied: unknown: new");
         });
}

TEST_CASE("a closing instead of an answer ends the connection with its code")
{
    play({hear(kind::hello), say(authenticate), hear(kind::login), say(protocol::denied{20, 0, ""}),
          say(protocol::closing{8, "enough"})},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto first = co_await door.login("Alice", "wrong");
             REQUIRE_FALSE(first);
             CHECK(first.error().what == code::bad_credentials);
             auto second = co_await door.login("Alice", "wrong");
             REQUIRE_FALSE(second);
             CHECK(second.error().why == cause::closed);
             CHECK(second.error().what == code::too_many_attempts);
             REQUIRE(door.ended() != nullptr);
             CHECK(door.ended()->reason == "enough");
         });
}

TEST_CASE("what the server may not hear is refused before it is sent")
{
    play(
        {hear(kind::hello), say(authenticate), hear(kind::login), say(by_login), hear(kind::text), hear(kind::closing)},
        [](scripted_server& server) -> task<void> {
            auto door = co_await connected(server);
            auto early = co_await door.send("hello");
            REQUIRE_FALSE(early);
            CHECK(early.error().what == code::unauthorized);
            auto huge = co_await door.login("Alice", std::string(5000, 'x'));
            REQUIRE_FALSE(huge);
            CHECK(huge.error().what == code::frame_too_large);
            auto torn = co_await door.login("\xff", "password");
            REQUIRE_FALSE(torn);
            CHECK(torn.error().what == code::invalid_utf8);

            auto access = co_await door.login("Alice", "right");
            REQUIRE(access);
            auto again = co_await door.login("Alice", "right");
            REQUIRE_FALSE(again);
            CHECK(again.error().why == cause::not_sent);
            auto largest = co_await door.send(std::string(4095, 'x'));
            CHECK(largest);
            auto larger = co_await door.send(std::string(4096, 'x'));
            REQUIRE_FALSE(larger);
            CHECK(larger.error().what == code::frame_too_large);
            auto broken = co_await door.send("\xff");
            REQUIRE_FALSE(broken);
            CHECK(broken.error().what == code::invalid_utf8);
            co_await door.close();
        });
}

TEST_CASE("without accounts their requests are denied without asking")
{
    play({hear(kind::hello), say(open_to_all), say(by_nothing), hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto sessions = co_await door.sessions();
             REQUIRE_FALSE(sessions);
             CHECK(sessions.error().what == code::not_supported);
             auto out = co_await door.logout();
             CHECK_FALSE(out);
             co_await door.close();
         });
}

TEST_CASE("an answer to nothing is a protocol error")
{
    auto const answer = GENERATE(frame_of(protocol::done{}), frame_of(protocol::sessions{}), frame_of(by_nothing),
                                 frame_of(protocol::denied{20, 0, ""}), frame_of(open_to_all));
    play({hear(kind::hello), say(open_to_all), say(by_nothing), say_bytes(answer), hear(kind::closing), hear_end()},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto none = co_await door.receive();
             CHECK_FALSE(none);
             CHECK(door.ended()->why == cause::protocol);
             co_await door.close();
         });
}

TEST_CASE("the wrong answer is a protocol error")
{
    play({hear(kind::hello), say(authenticate), hear(kind::login), say(protocol::done{}), hear(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connected(server);
             auto access = co_await door.login("Alice", "right");
             REQUIRE_FALSE(access);
             CHECK(access.error().why == cause::protocol);
             co_await door.close();
         });
}
