#include "support/client_scripts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

TEST_CASE("the welcome describes the server")
{
    play({receive(kind::hello), send(authenticate), receive(kind::closing)}, [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        CHECK(conn.server().access == access::authenticate);
        CHECK(conn.server().agent == "porterd/0.1.0");
        CHECK(conn.server().known_as == "Alice");
        CHECK(conn.server().max_frame == 4096);
        CHECK(conn.granted() == nullptr);
        CHECK(conn.ended() == nullptr);
        CHECK_FALSE(conn.is_remote());
        co_await conn.close();
        REQUIRE(conn.ended() != nullptr);
        CHECK(conn.ended()->code == code::normal);
    });
}

TEST_CASE("a closing instead of the welcome makes connecting fail as closed")
{
    play({receive(kind::hello), send(protocol::closing{12, "full"})}, [](scripted_server& server) -> task<void> {
        auto conn = co_await connect_plain(server);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::closed);
        CHECK(conn.error().code == code::server_full);
        CHECK(describe(conn.error()) == "closed: server_full: full");
    });
}

TEST_CASE("a connection that the server drops without a closing is lost")
{
    auto const cut = GENERATE(0, 1, 2);
    std::vector<step> script{receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted)};
    script.resize(static_cast<std::size_t>(cut) * 2);
    script.push_back(GENERATE(true, false) ? hang_up() : reset());
    if (cut == 0) script.insert(script.begin(), receive(kind::hello));
    play(script, [](scripted_server& server) -> task<void> {
        auto conn = co_await connect_plain(server);
        if (!conn) {
            CHECK(conn.error().cause == client_errc::lost);
            co_return;
        }
        auto access = co_await conn->login("Alice", "right");
        if (access) {
            auto none = co_await conn->receive();
            CHECK_FALSE(none);
        }
        REQUIRE(conn->ended() != nullptr);
        CHECK(conn->ended()->cause == client_errc::lost);
        auto sent = co_await conn->send("hello");
        REQUIRE_FALSE(sent);
        CHECK(sent.error().cause == client_errc::lost);
    });
}

TEST_CASE("a server that sends no welcome times out")
{
    play({receive(kind::hello), receive(kind::closing), receive_end()}, [](scripted_server& server) -> task<void> {
        auto options = plain();
        options.timeout = 50ms;
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::timed_out);
    });
}

TEST_CASE("a port without a listener is unreachable")
{
    auto const failed = testing::run(client::connect(host, 1));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().cause == client_errc::unreachable);
    CHECK(failed.error().system == asio::error::connection_refused);
    CHECK(describe(failed.error()) == "cannot connect to 127.0.0.1:1: Connection refused");
}

TEST_CASE("a host that does not exist is unreachable")
{
    std::string const name = GENERATE("", "no such host", "256.256.256.256");
    auto const failed = testing::run(client::connect(name, 7678));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().cause == client_errc::unreachable);
}

TEST_CASE("of the addresses of a host name the one that accepts is used")
{
    play({receive(kind::hello), send(authenticate)}, [](scripted_server& server) -> task<void> {
        auto conn = co_await connect_plain(server, "localhost");  // ::1 first, which has no listener
        CHECK(conn);
    });
}

TEST_CASE("a localhost name is not looked up")
{
    std::string const name = GENERATE("no-such-entry.localhost", "a.b.LOCALHOST.", "LocalHost.");
    play({receive(kind::hello), send(authenticate)}, [name](scripted_server& server) -> task<void> {
        auto conn = co_await connect_plain(server, name);
        CHECK(conn);
    });
}

TEST_CASE("a name that only resembles localhost is looked up")
{
    std::string const name = GENERATE("notlocalhost.invalid", "localhost.invalid", "localhost..");
    auto const failed = testing::run(client::connect(name, 7678));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().cause == client_errc::unreachable);
}

TEST_CASE("garbage from the server is a protocol error and the client sends a closing")
{
    auto const garbage = GENERATE(std::string{"HTTP/1.1 400 Bad Request\r\n"}, std::string(4, '\0'),
                                  std::string{"\0\0\0\x01\x99", 5}, std::string{"\0\0\0\x02\x81\x01", 6},
                                  std::string{"\0\0\0\x01\x84", 5}, std::string{"\0\0\0\x03\x40hi", 7});
    play({receive(kind::hello), send_bytes(garbage), receive(kind::closing), receive_end()},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await connect_plain(server);
             REQUIRE_FALSE(conn);
             CHECK(conn.error().cause == client_errc::protocol);
         });
}

TEST_CASE("a connection that ends within the welcome or the access is lost")
{
    auto const whole = frame_of(open_welcome) + frame_of(open_granted);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        play({receive(kind::hello), send_bytes(whole.substr(0, size))}, [](scripted_server& server) -> task<void> {
            auto conn = co_await connect_plain(server);
            REQUIRE_FALSE(conn);
            CHECK(conn.error().cause == client_errc::lost);
        });
    }
}

TEST_CASE("the welcome and the access may arrive byte by byte")
{
    std::vector<step> script{receive(kind::hello)};
    for (auto const byte : frame_of(open_welcome) + frame_of(open_granted)) script.push_back(send_bytes({byte}));
    script.push_back(receive(kind::closing));
    play(script, [](scripted_server& server) -> task<void> {
        auto conn = co_await connected(server);
        CHECK(conn.granted() != nullptr);
        co_await conn.close();
    });
}
