// The client over TLS, and where TLS does not come about. Whom it trusts: trusting_test.cpp.

#include "client/back_off.hpp"
#include "support/client_scripts.hpp"
#include "support/state_folder.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

namespace {

/// A server with a key of its own, and a visitor with a file of known servers.
struct meeting {
    state_folder folder;
    contexts keys;
    std::string const fingerprint = keys.key.fingerprint();

    client_options options(porter::trust whom) const
    {
        client_options made;
        made.trust = std::move(whom);
        made.known_servers = folder.file("known_servers");
        return made;
    }

    template <typename Visit>
    void hold(std::vector<step> script, Visit visit)
    {
        play(std::move(script), visit, &keys.server);
    }
};

}  // namespace

TEST_CASE("a conversation over TLS is one like any other and names the server's key")
{
    meeting with;
    with.hold({hear(kind::hello), say(open_to_all), say(by_nothing), hear(kind::text), say(protocol::text{"heard"}),
               hear(kind::closing), hear_end()},
              [&](scripted_server& server) -> task<void> {
                  auto const options = with.options(trust::first_use);
                  auto door = co_await client::connect(host, server.port(), options);
                  REQUIRE(door);
                  CHECK(door->server_key() == with.fingerprint);
                  CHECK(door->trusted_by() == trusted_by::first_use);
                  co_await door->send("hello");
                  auto answer = co_await door->receive_text();
                  CHECK(answer == "heard");
                  co_await door->close();
                  auto const where = std::string{host} + ":" + std::to_string(server.port());
                  CHECK(with.folder.read("known_servers").starts_with(where + " " + with.fingerprint + " "));
              });
}

TEST_CASE("over plain TCP nobody is trusted and no key is named")
{
    play({hear(kind::hello), say(authenticate)}, [](scripted_server& server) -> task<void> {
        auto door = co_await connect_plain(server);
        REQUIRE(door);
        CHECK(door->server_key().empty());
        CHECK(door->trusted_by() == trusted_by::nobody);
    });
}

TEST_CASE("a server that is not trusted shakes hands and hears nothing more")
{
    meeting with;
    with.hold({hear_end()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(trust::known);
        auto door = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(door);
        CHECK(door.error().why == cause::unknown_server);
        CHECK(door.error().server_key == with.fingerprint);
    });
}

TEST_CASE("a server whose key has changed shakes hands and hears nothing more")
{
    meeting with;
    auto const before = new_key().fingerprint();
    with.hold({hear_end()}, [&](scripted_server& server) -> task<void> {
        auto const where = std::string{host} + ":" + std::to_string(server.port());
        with.folder.write("known_servers", where + " " + before + "\n");
        auto const options = with.options(trust::first_use);
        auto door = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(door);
        CHECK(door.error().why == cause::untrusted);
        CHECK(door.error().server_key == with.fingerprint);
        CHECK(door.error().known_key == before);
    });
}

TEST_CASE("a server without TLS is not spoken to unless plain is asked for")
{
    meeting with;
    auto const answer = GENERATE(frame_of(open_to_all), frame_of(protocol::closing{1, "no"}));
    play({say_bytes(answer), half_close()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(trust::first_use);
        auto door = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(door);
        CHECK(door.error().why == cause::protocol);
        CHECK(door.error().what == code::tls_required);
        CHECK(server.heard().empty());
    });
}

TEST_CASE("a server that is full or stopping turns a client away before TLS and may be tried again")
{
    meeting with;
    auto const what = GENERATE(code::server_full, code::shutting_down, code::timeout);
    auto const answer = frame_of(protocol::closing{static_cast<std::uint16_t>(what), "use --plain\x1b[2J"});
    play({say_bytes(answer.substr(0, 3)), say_bytes(answer.substr(3)), half_close()},
         [&](scripted_server& server) -> task<void> {
             auto const options = with.options(trust::first_use);
             auto door = co_await client::connect(host, server.port(), options);
             REQUIRE_FALSE(door);
             CHECK(door.error().why == cause::closed);
             CHECK(door.error().what == code::unavailable);
             CHECK(rooms::client::worth_another_try(door.error()));
             CHECK(describe(door.error()).find("plain") == std::string::npos);  // nobody vouches for what it says
         });
}

TEST_CASE("an answer in the clear that is longer than a closing needs is not waited for")
{
    meeting with;
    auto const what = static_cast<std::uint16_t>(code::server_full);
    auto const answer = frame_of(protocol::closing{what, std::string(2000, 'x')}).substr(0, 100);
    play({say_bytes(answer), hear_end()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(trust::first_use);
        auto door = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(door);
        CHECK(door.error().why == cause::protocol);
    });
}

TEST_CASE("an answer in the clear that breaks off is a lost connection")
{
    meeting with;
    play({say_bytes(std::string("\0\0\0\x20\x44", 5)), half_close()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(trust::first_use);
        auto door = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(door);
        CHECK(door.error().why == cause::lost);
    });
}

TEST_CASE("an answer in the clear that does not come whole in time is given up")
{
    meeting with;
    auto const begun = GENERATE(std::string("\0", 1), std::string("\0\0\0\x20\x44", 5));
    play({say_bytes(begun), outlast()}, [&](scripted_server& server) -> task<void> {
        auto options = with.options(trust::first_use);
        options.timeout = 50ms;
        auto door = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(door);
        CHECK(door.error().why == cause::timed_out);
    });
}

TEST_CASE("a server that hangs up during the handshake is lost and may be tried again")
{
    meeting with;
    play({hang_up()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(trust::first_use);
        auto door = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(door);
        CHECK(door.error().why == cause::lost);
    });
}

TEST_CASE("a handshake that is never answered is given up in time")
{
    meeting with;
    asio::io_context io;
    base::tcp_acceptor const silent{io, {asio::ip::address_v4::loopback(), 0}};  // the system connects, nobody answers
    auto options = with.options(trust::first_use);
    options.timeout = 50ms;
    auto const door = run(client::connect(host, silent.local_endpoint().port(), options));
    REQUIRE_FALSE(door);
    CHECK(door.error().why == cause::timed_out);
}
