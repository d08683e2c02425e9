// Requests whose reply is late or never comes.

#include "base/awaitable_operators.hpp"
#include "support/client_scripts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace porter::detail::base::awaitable_operators;
using namespace std::chrono_literals;

namespace {

/// For requests that are to time out. Connecting must not take as long.
constexpr std::chrono::seconds short_timeout{1};

/// A client with access.
task<client> logged_in(scripted_server& server, std::chrono::milliseconds timeout)
{
    auto options = plain();
    options.timeout = timeout;
    auto conn = co_await client::connect(host, server.port(), options);
    if (!conn) throw std::runtime_error(describe(conn.error()));
    auto access = co_await conn->login("Alice", "right");
    if (!access) throw std::runtime_error(describe(access.error()));
    co_return std::move(*conn);
}

}  // namespace

TEST_CASE("a request after access times out and its late reply is skipped")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted),
          receive(kind::list_sessions), receive(kind::text), send(protocol::sessions{}), send(protocol::text{"echo"}),
          receive(kind::revoke_session), send(protocol::done{}), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await logged_in(server, short_timeout);
             auto sessions = co_await conn.sessions();
             REQUIRE_FALSE(sessions);
             CHECK(sessions.error().cause == client_errc::timed_out);
             CHECK(sessions.error().code == code::timeout);
             CHECK_FALSE(sessions.error().is_final());
             CHECK(conn.ended() == nullptr);
             auto sent = co_await conn.send("hello");  // lets the server go on
             CHECK(sent);
             auto echo = co_await conn.receive_text();
             CHECK(echo == "echo");
             auto revoked = co_await conn.revoke(8);
             CHECK(revoked);
             co_await conn.close();
         });
}

TEST_CASE("a late denial is not taken for the reply to the next request")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted),
          receive(kind::change_password), receive(kind::list_sessions), send(protocol::denied{20, 0, "wrong"}),
          send(protocol::sessions{}), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await logged_in(server, short_timeout);
             auto changed = co_await conn.change_password("old", "new");
             REQUIRE_FALSE(changed);
             CHECK(changed.error().cause == client_errc::timed_out);
             auto sessions = co_await conn.sessions();
             CHECK(sessions);
             co_await conn.close();
         });
}

TEST_CASE("a logout and a revocation that are not answered time out")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted),
          receive(kind::revoke_session), receive(kind::logout), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await logged_in(server, short_timeout);
             auto revoked = co_await conn.revoke(8);
             REQUIRE_FALSE(revoked);
             CHECK(revoked.error().cause == client_errc::timed_out);
             auto logged_out = co_await conn.logout();
             REQUIRE_FALSE(logged_out);
             CHECK(logged_out.error().cause == client_errc::timed_out);
             co_await conn.close();
         });
}

TEST_CASE("identify after access times out and the late reply renames all the same")
{
    protocol::granted const by_address{protocol::auth_method::address, "Bob", 0, "", 0, 0, "", 0};
    protocol::granted const renamed{protocol::auth_method::identify, "Carol", 0, "", 0, 0, "", 0};
    play({receive(kind::hello), send(welcome(protocol::access_mode::identify, "Bob")), send(by_address),
          receive(kind::identify), receive(kind::text), send(renamed), send(protocol::text{"echo"}),
          receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto options = plain();
             options.timeout = short_timeout;
             auto conn = co_await client::connect(host, server.port(), options);
             REQUIRE(conn);
             auto late = co_await conn->identify("Carol");
             REQUIRE_FALSE(late);
             CHECK(late.error().cause == client_errc::timed_out);
             CHECK(conn->granted()->name == "Bob");
             auto sent = co_await conn->send("hello");
             CHECK(sent);
             auto echo = co_await conn->receive_text();
             CHECK(echo);
             CHECK(conn->granted()->name == "Carol");
             co_await conn->close();
         });
}

TEST_CASE("the reply to a cancelled request is skipped")
{
    play({receive(kind::hello), send(authenticate), receive(kind::login), send(login_granted),
          receive(kind::list_sessions), receive(kind::text), send(protocol::sessions{}), receive(kind::revoke_session),
          send(protocol::done{}), receive(kind::closing)},
         [](scripted_server& server) -> task<void> {
             auto conn = co_await logged_in(server, 20s);
             auto race = conn.sessions() || yield(3);
             auto sessions = co_await std::move(race);
             CHECK(sessions.index() == 1);
             auto sent = co_await conn.send("hello");
             CHECK(sent);
             auto revoked = co_await conn.revoke(8);
             CHECK(revoked);
             co_await conn.close();
         });
}
