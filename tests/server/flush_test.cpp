// What is queued is written before anything else is waited for (promise N14).
#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/server_fixture.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

wire::hello hello()
{
    wire::hello asked;
    asked.agent = "test";
    return asked;
}

/// A server whose hashes take until release().
struct held_server {
    held_server() { server.context.tls = &tls; }

    void hold() { server.hashes.held = true; }
    void release()
    {
        server.hashes.held = false;
        server.hashes.held.notify_all();
    }

    task<void> connect(test_client& someone, bool over_tls)
    {
        if (over_tls) {
            co_await someone.connect_tls(server.endpoint);
        } else {
            co_await someone.connect(server.endpoint);
        }
    }

    server_fixture server;
    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
};

}  // namespace

TEST_CASE("the welcome comes before the password that came with the hello is hashed")
{
    bool const over_tls = GENERATE(false, true);
    held_server held;
    held.server.run([&]() -> task<void> {
        test_client someone{held.server.io};
        co_await held.connect(someone, over_tls);
        held.hold();
        someone.queue(hello());
        someone.queue(registration("Alice"));
        co_await someone.flush();
        co_await someone.receive<wire::welcome>();
        held.release();
        co_await someone.receive<wire::granted>();
    });
}

TEST_CASE("a denial comes before the next password is hashed")
{
    held_server held;
    held.server.run([&]() -> task<void> {
        test_client someone{held.server.io};
        co_await held.connect(someone, false);
        co_await someone.greet();
        wire::resume wrong;
        wrong.token = "no token";
        held.hold();
        someone.queue(wrong);
        someone.queue(registration("Alice"));
        co_await someone.flush();
        co_await someone.receive<wire::denied>();
        held.release();
        co_await someone.receive<wire::granted>();
    });
}

TEST_CASE("the echo of a text comes before the change of a password that came with it")
{
    bool const over_tls = GENERATE(false, true);
    held_server held;
    held.server.run([&]() -> task<void> {
        test_client someone{held.server.io};
        co_await held.connect(someone, over_tls);
        co_await someone.greet();
        co_await someone.register_account("Alice");
        held.hold();
        wire::change_password change;
        change.current = test_password;
        change.new_password = "two horses on a staple";
        someone.queue(wire::text{"before"});
        someone.queue(change);
        co_await someone.flush();
        auto const echo = co_await someone.receive<wire::text>();
        CHECK(echo.body == "before");
        held.release();
        co_await someone.receive<wire::done>();
    });
}
