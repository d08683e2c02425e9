#include "support/client_scripts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

TEST_CASE("a login returns the access that the server grants")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto access = co_await conn.login("Alice", "correct horse");
             REQUIRE(access);
             CHECK(access->auth_method == auth_method::login);
             CHECK(access->name == "Alice");
             CHECK(access->session_id == 7);
             CHECK(access->token == "prt_token");
             CHECK(access->expires_at.time_since_epoch() == 2000s);
             REQUIRE(access->last_login_at);
             CHECK(access->last_login_at->time_since_epoch() == 1000s);
             CHECK(access->last_address == "192.0.2.7");
             CHECK(access->failed_since == 3);
             REQUIRE(conn.granted() != nullptr);
             CHECK(conn.granted()->name == "Alice");
             CHECK(conn.granted()->token.empty());
             std::string const sent{
                 "\x04\0\x05"
                 "Alice\0\x0d"
                 "correct horse",
                 23};
             CHECK(server.received().at(1) == sent);
             co_await conn.close();
         });
}

TEST_CASE("in open access connecting returns with access")
{
    play({receive(kind::hello), send(open_welcome), send(open_granted), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             REQUIRE(conn.granted() != nullptr);
             CHECK(conn.granted()->auth_method == auth_method::open);
             co_await conn.close();
         });
}

TEST_CASE("in identify access connecting returns with access for a known address")
{
    protocol::granted const by_address{protocol::auth_method::address, "Bob", 0, "", 0, 0, "", 0};
    auto const frames = frame_of(welcome(protocol::access_mode::identify, "Bob")) + frame_of(by_address);
    play(
        {receive(kind::hello), send_bytes(frames), receive(kind::identify),
         send(protocol::granted{protocol::auth_method::identify, "Carol", 0, "", 0, 0, "", 0}), receive(kind::closing)},
        [](scripted_server& server) -> task<void> {
            auto conn = co_await connected(server);
            REQUIRE(conn.granted() != nullptr);
            CHECK(conn.granted()->name == "Bob");
            auto renamed = co_await conn.identify("Carol");
            REQUIRE(renamed);
            CHECK(conn.granted()->name == "Carol");
            co_await conn.close();
        });
}

TEST_CASE("in identify access an unknown address gets access by a name")
{
    play({receive(kind::hello), send(welcome(protocol::access_mode::identify)), receive(kind::identify),
          send(protocol::denied{22, 0, "a name has 1 to 64 characters"}), receive(kind::identify),
          send(protocol::granted{protocol::auth_method::identify, "Bob", 0, "", 0, 0, "", 0}), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             CHECK(conn.granted() == nullptr);
             auto denied = co_await conn.identify("");
             REQUIRE_FALSE(denied);
             CHECK(denied.error().code == code::invalid_name);
             auto access = co_await conn.identify("Bob");
             REQUIRE(access);
             co_await conn.close();
         });
}

TEST_CASE("a denial has its code and a later attempt may succeed")
{
    auto const denied_code = GENERATE(range(20, 33));
    protocol::denied const denial{static_cast<std::uint16_t>(denied_code), 5, "because"};
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(denial), receive(kind::register_account),
          send(denial), receive(kind::resume), send(denial), receive(kind::login), send(login_granted)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto login = co_await conn.login("Alice", "wrong");
             REQUIRE_FALSE(login);
             CHECK(login.error().cause == client_errc::denied);
             CHECK(login.error().code >= code::bad_credentials);
             CHECK(login.error().reason == "because");
             CHECK(login.error().retry_after == 5s);
             auto registered = co_await conn.register_account("Alice", "wrong");
             CHECK_FALSE(registered);
             auto resumed = co_await conn.resume("prt_x");
             CHECK_FALSE(resumed);
             auto right = co_await conn.login("Alice", "right");
             CHECK(right);
         });
}

TEST_CASE("a login that is denied for want of a second factor is ended by prove")
{
    protocol::denied const denial{32, 0, "a code, too"};
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(denial), receive(kind::prove),
          send(login_granted)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto login = co_await conn.login("Alice", "correct horse");
             REQUIRE_FALSE(login);
             CHECK(login.error().code == code::second_factor);
             CHECK(login.error().cause == client_errc::denied);
             auto proved = co_await conn.prove("123456");
             REQUIRE(proved);
             CHECK(proved->token == "prt_token");
             std::string const sent{
                 "\x0b\0\x06"
                 "123456",
                 9};
             CHECK(server.received().at(2) == sent);
         });
}

TEST_CASE("a code is redeemed with a name and a password")
{
    auto granted = login_granted;
    granted.auth_method = protocol::auth_method::redeem;
    protocol::denied const denial{31, 0, "unknown"};
    play({receive(kind::hello), send(authenticate), receive(kind::redeem), send(denial), receive(kind::redeem),
          send(granted), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto denied = co_await conn.redeem("0000-0000", "Alice", "correct horse");
             REQUIRE_FALSE(denied);
             CHECK(denied.error().code == code::invalid_code);
             CHECK(denied.error().is_final());
             auto access = co_await conn.redeem("7K3M-9QWX", "Alice", "correct horse");
             REQUIRE(access);
             CHECK(access->auth_method == auth_method::redeem);
             CHECK(access->token == "prt_token");
             std::string const sent{
                 "\x0a\0\x09"
                 "7K3M-9QWX\0\x05"
                 "Alice\0\x0d"
                 "correct horse",
                 34};
             CHECK(server.received().at(2) == sent);
             co_await conn.close();
         });
}

TEST_CASE("an unknown code is passed on")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(protocol::denied{999, 0, "new"})},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto login = co_await conn.login("Alice", "wrong");
             REQUIRE_FALSE(login);
             CHECK(static_cast<int>(login.error().code) == 999);
             CHECK(describe(login.error()) == "denied: unknown: new");
         });
}

TEST_CASE("a closing instead of a reply ends the connection with its code")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(protocol::denied{20, 0, ""}),
          send(protocol::closing{8, "enough"})},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto first = co_await conn.login("Alice", "wrong");
             REQUIRE_FALSE(first);
             CHECK(first.error().code == code::bad_credentials);
             auto second = co_await conn.login("Alice", "wrong");
             REQUIRE_FALSE(second);
             CHECK(second.error().cause == client_errc::closed);
             CHECK(second.error().code == code::too_many_attempts);
             REQUIRE(conn.ended() != nullptr);
             CHECK(conn.ended()->reason == "enough");
         });
}

TEST_CASE("an invalid request is rejected and not sent")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted), receive(kind::text),
          receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto early = co_await conn.send("hello");
             REQUIRE_FALSE(early);
             CHECK(early.error().code == code::unauthorized);
             auto huge = co_await conn.login("Alice", std::string(5000, 'x'));
             REQUIRE_FALSE(huge);
             CHECK(huge.error().code == code::frame_too_large);
             auto invalid_name = co_await conn.login("\xff", "password");
             REQUIRE_FALSE(invalid_name);
             CHECK(invalid_name.error().code == code::invalid_utf8);

             auto access = co_await conn.login("Alice", "right");
             REQUIRE(access);
             auto again = co_await conn.login("Alice", "right");
             REQUIRE_FALSE(again);
             CHECK(again.error().cause == client_errc::not_sent);
             auto largest = co_await conn.send(std::string(4095, 'x'));
             CHECK(largest);
             auto larger = co_await conn.send(std::string(4096, 'x'));
             REQUIRE_FALSE(larger);
             CHECK(larger.error().code == code::frame_too_large);
             auto invalid_text = co_await conn.send("\xff");
             REQUIRE_FALSE(invalid_text);
             CHECK(invalid_text.error().code == code::invalid_utf8);
             co_await conn.close();
         });
}

TEST_CASE("without accounts account requests are denied and not sent")
{
    play({receive(kind::hello), send(open_welcome), send(open_granted), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto sessions = co_await conn.sessions();
             REQUIRE_FALSE(sessions);
             CHECK(sessions.error().code == code::not_supported);
             auto logged_out = co_await conn.logout();
             CHECK_FALSE(logged_out);
             co_await conn.close();
         });
}

TEST_CASE("a reply without a request is a protocol error")
{
    auto const reply = GENERATE(frame_of(protocol::done{}), frame_of(protocol::sessions{}), frame_of(open_granted),
                                frame_of(protocol::denied{20, 0, ""}), frame_of(open_welcome));
    play({receive(kind::hello), send(open_welcome), send(open_granted), send_bytes(reply), receive(kind::closing),
          receive_end()},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto none = co_await conn.receive();
             CHECK_FALSE(none);
             CHECK(conn.ended()->cause == client_errc::protocol);
             co_await conn.close();
         });
}

TEST_CASE("a reply of the wrong kind is a protocol error")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(protocol::done{}),
          receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connected(server);
             auto access = co_await conn.login("Alice", "right");
             REQUIRE_FALSE(access);
             CHECK(access.error().cause == client_errc::protocol);
             co_await conn.close();
         });
}
