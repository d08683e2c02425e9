// Queued output is written before the server waits for a hash or the store (promise N14).
#include "support/catch.hpp"
#include "support/server_fixture.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

wire::hello hello()
{
    wire::hello message;
    message.agent = "test";
    return message;
}

/// A server whose hashes block between block() and release().
struct held_server {
    held_server() { server.context.tls = &tls; }

    void block() { server.hashes.held = true; }
    void release()
    {
        server.hashes.held = false;
        server.hashes.held.notify_all();
    }

    task<void> connect(test_client& client, bool over_tls)
    {
        if (over_tls) {
            co_await client.connect_tls(server.endpoint);
        } else {
            co_await client.connect(server.endpoint);
        }
    }

    server_fixture server;
    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
};

}  // namespace

TEST_CASE("the welcome is sent before a password that followed the hello is hashed")
{
    bool const over_tls = GENERATE(false, true);
    held_server held;
    held.server.run([&]() -> task<void> {
        test_client client{held.server.io};
        co_await held.connect(client, over_tls);
        held.block();
        client.queue(hello());
        client.queue(registration("Alice"));
        co_await client.flush();
        co_await client.receive<wire::welcome>();
        held.release();
        co_await client.receive<wire::granted>();
    });
}

TEST_CASE("a denial is sent before the next password is hashed")
{
    held_server held;
    held.server.run([&]() -> task<void> {
        test_client client{held.server.io};
        co_await held.connect(client, false);
        co_await client.greet();
        wire::resume wrong;
        wrong.token = "no token";
        held.block();
        client.queue(wrong);
        client.queue(registration("Alice"));
        co_await client.flush();
        co_await client.receive<wire::denied>();
        held.release();
        co_await client.receive<wire::granted>();
    });
}

TEST_CASE("the echo of a text is sent before the change_password that followed it")
{
    bool const over_tls = GENERATE(false, true);
    held_server held;
    held.server.run([&]() -> task<void> {
        test_client client{held.server.io};
        co_await held.connect(client, over_tls);
        co_await client.greet();
        co_await client.register_account("Alice");
        held.block();
        wire::change_password change;
        change.current = test_password;
        change.new_password = "two horses on a staple";
        client.queue(wire::text{"before"});
        client.queue(change);
        co_await client.flush();
        auto const echo = co_await client.receive<wire::text>();
        CHECK(echo.body == "before");
        held.release();
        co_await client.receive<wire::done>();
    });
}
