#include "support/client_scripts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

TEST_CASE("the welcome tells what the server is")
{
    play({hear(kind::hello), say(authenticate), hear(kind::closing)}, [](scripted_server& server) -> task<void> {
        auto door = co_await connected(server);
        CHECK(door.server().access == access::authenticate);
        CHECK(door.server().agent == "porterd/0.1.0");
        CHECK(door.server().known_as == "Alice");
        CHECK(door.server().max_frame == 4096);
        CHECK(door.granted() == nullptr);
        CHECK(door.ended() == nullptr);
        CHECK_FALSE(door.is_remote());
        co_await door.close();
        REQUIRE(door.ended() != nullptr);
        CHECK(door.ended()->what == code::normal);
    });
}

TEST_CASE("a closing instead of the welcome is a refusal")
{
    play({hear(kind::hello), say(protocol::closing{12, "full"})}, [](scripted_server& server) -> task<void> {
        auto door = co_await connect_plain(server);
        REQUIRE_FALSE(door);
        CHECK(door.error().why == cause::closed);
        CHECK(door.error().what == code::server_full);
        CHECK(describe(door.error()) == "closed: server_full: full");
    });
}

TEST_CASE("a server that hangs up without a word has lost the connection")
{
    auto const cut = GENERATE(0, 1, 2);
    std::vector<step> script{hear(kind::hello), say(authenticate), hear(kind::login), say(by_login)};
    script.resize(static_cast<std::size_t>(cut) * 2);
    script.push_back(GENERATE(true, false) ? hang_up() : reset());
    if (cut == 0) script.insert(script.begin(), hear(kind::hello));
    play(script, [](scripted_server& server) -> task<void> {
        auto door = co_await connect_plain(server);
        if (!door) {
            CHECK(door.error().why == cause::lost);
            co_return;
        }
        auto access = co_await door->login("Alice", "right");
        if (access) {
            auto none = co_await door->receive();
            CHECK_FALSE(none);
        }
        REQUIRE(door->ended() != nullptr);
        CHECK(door->ended()->why == cause::lost);
        auto sent = co_await door->send("anybody there?");
        REQUIRE_FALSE(sent);
        CHECK(sent.error().why == cause::lost);
    });
}

TEST_CASE("a server that goes silent is given up in time")
{
    play({hear(kind::hello), hear(kind::closing), hear_end()}, [](scripted_server& server) -> task<void> {
        auto options = plain();
        options.timeout = 50ms;
        auto door = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(door);
        CHECK(door.error().why == cause::timed_out);
    });
}

TEST_CASE("a port where nobody listens is unreachable")
{
    auto const refused = testing::run(client::connect(host, 1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why == cause::unreachable);
    CHECK(refused.error().system == asio::error::connection_refused);
    CHECK(describe(refused.error()) == "cannot connect to 127.0.0.1:1: Connection refused");
}

TEST_CASE("a host that does not exist is unreachable")
{
    std::string const name = GENERATE("", "no such host", "256.256.256.256");
    auto const refused = testing::run(client::connect(name, 7678));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why == cause::unreachable);
}

TEST_CASE("a host name is tried address by address")
{
    play({hear(kind::hello), say(authenticate)}, [](scripted_server& server) -> task<void> {
        auto door = co_await connect_plain(server, "localhost");  // ::1 first, where nobody listens
        CHECK(door);
    });
}

TEST_CASE("a name of this machine itself needs no resolver")
{
    std::string const name = GENERATE("nobody-wrote-this-down.localhost", "a.b.LOCALHOST.", "LocalHost.");
    play({hear(kind::hello), say(authenticate)}, [name](scripted_server& server) -> task<void> {
        auto door = co_await connect_plain(server, name);
        CHECK(door);
    });
}

TEST_CASE("a name that only looks like this machine's is looked up")
{
    std::string const name = GENERATE("notlocalhost.invalid", "localhost.invalid", "localhost..");
    auto const refused = testing::run(client::connect(name, 7678));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why == cause::unreachable);
}

TEST_CASE("garbage from the server is a protocol error that the server is told")
{
    auto const garbage = GENERATE(std::string{"HTTP/1.1 400 Bad Request\r\n"}, std::string(4, '\0'),
                                  std::string{"\0\0\0\x01\x99", 5}, std::string{"\0\0\0\x02\x81\x01", 6},
                                  std::string{"\0\0\0\x01\x84", 5}, std::string{"\0\0\0\x03\x40hi", 7});
    play({hear(kind::hello), say_bytes(garbage), hear(kind::closing), hear_end()},
         [](scripted_server& server) -> task<void> {
             auto door = co_await connect_plain(server);
             REQUIRE_FALSE(door);
             CHECK(door.error().why == cause::protocol);
         });
}

TEST_CASE("the welcome and the access may be cut after every byte")
{
    auto const whole = frame_of(open_to_all) + frame_of(by_nothing);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        play({hear(kind::hello), say_bytes(whole.substr(0, size))}, [](scripted_server& server) -> task<void> {
            auto door = co_await connect_plain(server);
            REQUIRE_FALSE(door);
            CHECK(door.error().why == cause::lost);
        });
    }
}

TEST_CASE("the welcome and the access may come byte by byte")
{
    std::vector<step> script{hear(kind::hello)};
    for (auto const byte : frame_of(open_to_all) + frame_of(by_nothing)) script.push_back(say_bytes({byte}));
    script.push_back(hear(kind::closing));
    play(script, [](scripted_server& server) -> task<void> {
        auto door = co_await connected(server);
        CHECK(door.granted() != nullptr);
        co_await door.close();
    });
}
