// The client over TLS, and where TLS does not come about. Whom it trusts: trusting_test.cpp.

#include "client/backoff.hpp"
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

    client_options options(porter::host_key_policy whom) const
    {
        client_options made;
        made.host_key_policy = std::move(whom);
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
    with.hold({receive(kind::hello), send(open_welcome), send(open_granted), receive(kind::text),
               send(protocol::text{"heard"}), receive(kind::closing), receive_end()},
              [&](scripted_server& server) -> task<void> {
                  auto const options = with.options(host_key_policy::accept_new);
                  auto conn = co_await client::connect(host, server.port(), options);
                  REQUIRE(conn);
                  CHECK(conn->server_key() == with.fingerprint);
                  CHECK(conn->trust_source() == trust_source::first_use);
                  co_await conn->send("hello");
                  auto answer = co_await conn->receive_text();
                  CHECK(answer == "heard");
                  co_await conn->close();
                  auto const where = std::string{host} + ":" + std::to_string(server.port());
                  CHECK(with.folder.read("known_servers").starts_with(where + " " + with.fingerprint + " "));
              });
}

TEST_CASE("over plain TCP nobody is trusted and no key is named")
{
    play({receive(kind::hello), send(authenticate)}, [](scripted_server& server) -> task<void> {
        auto conn = co_await connect_plain(server);
        REQUIRE(conn);
        CHECK(conn->server_key().empty());
        CHECK(conn->trust_source() == trust_source::none);
    });
}

TEST_CASE("a server that is not trusted shakes hands and hears nothing more")
{
    meeting with;
    with.hold({receive_end()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(host_key_policy::strict);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::unknown_server);
        CHECK(conn.error().server_key == with.fingerprint);
    });
}

TEST_CASE("a server whose key has changed shakes hands and hears nothing more")
{
    meeting with;
    auto const before = new_key().fingerprint();
    with.hold({receive_end()}, [&](scripted_server& server) -> task<void> {
        auto const where = std::string{host} + ":" + std::to_string(server.port());
        with.folder.write("known_servers", where + " " + before + "\n");
        auto const options = with.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::untrusted);
        CHECK(conn.error().server_key == with.fingerprint);
        CHECK(conn.error().known_key == before);
    });
}

TEST_CASE("a server without TLS is not spoken to unless plain is asked for")
{
    meeting with;
    auto const answer = GENERATE(frame_of(open_welcome), frame_of(protocol::closing{1, "no"}));
    play({send_bytes(answer), half_close()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::protocol);
        CHECK(conn.error().code == code::tls_required);
        CHECK(server.received().empty());
    });
}

TEST_CASE("a server that is full or stopping turns a client away before TLS and may be tried again")
{
    meeting with;
    auto const what = GENERATE(code::server_full, code::shutting_down, code::timeout);
    auto const answer = frame_of(protocol::closing{static_cast<std::uint16_t>(what), "use --plain\x1b[2J"});
    play({send_bytes(answer.substr(0, 3)), send_bytes(answer.substr(3)), half_close()},
         [&](scripted_server& server) -> task<void> {
             auto const options = with.options(host_key_policy::accept_new);
             auto conn = co_await client::connect(host, server.port(), options);
             REQUIRE_FALSE(conn);
             CHECK(conn.error().cause == client_errc::closed);
             CHECK(conn.error().code == code::unavailable);
             CHECK(detail::client::is_worth_retrying(conn.error()));
             CHECK(describe(conn.error()).find("plain") == std::string::npos);  // nobody vouches for what it says
         });
}

TEST_CASE("an answer in the clear that is longer than a closing needs is not waited for")
{
    meeting with;
    auto const what = static_cast<std::uint16_t>(code::server_full);
    auto const answer = frame_of(protocol::closing{what, std::string(2000, 'x')}).substr(0, 100);
    play({send_bytes(answer), receive_end()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::protocol);
    });
}

TEST_CASE("an answer in the clear that breaks off is a lost connection")
{
    meeting with;
    play({send_bytes(std::string("\0\0\0\x20\x44", 5)), half_close()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::lost);
    });
}

TEST_CASE("an answer in the clear that does not come whole in time is given up")
{
    meeting with;
    auto const begun = GENERATE(std::string("\0", 1), std::string("\0\0\0\x20\x44", 5));
    play({send_bytes(begun), read_to_end()}, [&](scripted_server& server) -> task<void> {
        auto options = with.options(host_key_policy::accept_new);
        options.timeout = 50ms;
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::timed_out);
    });
}

TEST_CASE("a server that hangs up during the handshake is lost and may be tried again")
{
    meeting with;
    play({hang_up()}, [&](scripted_server& server) -> task<void> {
        auto const options = with.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::lost);
    });
}

TEST_CASE("a handshake that is never answered is given up in time")
{
    meeting with;
    asio::io_context io;
    base::tcp_acceptor const silent{io, {asio::ip::address_v4::loopback(), 0}};  // the system connects, nobody answers
    auto options = with.options(host_key_policy::accept_new);
    options.timeout = 50ms;
    auto const conn = run(client::connect(host, silent.local_endpoint().port(), options));
    REQUIRE_FALSE(conn);
    CHECK(conn.error().cause == client_errc::timed_out);
}
