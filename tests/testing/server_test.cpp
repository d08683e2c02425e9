// A whole server in the process of the test: porter::testing::server.
#include "porter/testing/server.hpp"

#include <string>

#include "porter/access_code.hpp"
#include "porter/client.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"
#include "support/server_clients.hpp"

using porter::code;
using porter::task;
using porter::testing::connected;
using porter::testing::test_options;

namespace {

task<void> greet(porter::connection& connected)
{
    while (auto text = co_await connected.receive_text()) {
        connected.queue(*text + ", " + std::string{connected.name()});
    }
}

}  // namespace

TEST_CASE("a client logs in to a server in its process")
{
    asio::io_context io;
    porter::testing::server server{io, greet};
    server.add_account("Alice", "secret");
    porter::testing::run(io, [](porter::testing::server& tested) -> task<void> {
        auto alice = co_await connected(tested);
        auto denied = co_await alice.login("alice", "guess");
        REQUIRE_FALSE(denied);
        CHECK(denied.error().code == code::bad_credentials);
        auto granted = co_await alice.login("alice", "secret");
        REQUIRE(granted);
        CHECK(granted->name == "Alice");
        [[maybe_unused]] auto const result = co_await alice.send("hello");
        auto const reply = co_await alice.receive_text();
        CHECK(reply == "hello, Alice");
        co_await alice.close();
    }(server));
    CHECK(server.log().events("session_opened").at(0).field("name") == "Alice");
    CHECK_THROWS_AS(server.add_account("ALICE", "other"), std::invalid_argument);
    CHECK_THROWS_AS(server.add_account("", "other"), std::invalid_argument);
}

TEST_CASE("a session in a server of the process expires by its clock")
{
    asio::io_context io;
    porter::testing::server server{io, greet};
    porter::testing::run(io, [](porter::testing::server& tested) -> task<void> {
        auto alice = co_await connected(tested);
        auto granted = co_await alice.register_account("Alice", "a horse on a staple");
        REQUIRE(granted);
        CHECK(granted->expires_at == tested.clock().now() + std::chrono::days{30});
        tested.advance(std::chrono::days{31});
        auto const end = co_await alice.receive_text();
        CHECK_FALSE(end);
        REQUIRE(alice.ended() != nullptr);
        CHECK(alice.ended()->code == code::session_ended);
        auto again = co_await connected(tested);
        auto denied = co_await again.resume(granted->token);
        REQUIRE_FALSE(denied);
        CHECK(denied.error().code == code::invalid_token);
    }(server));
}

TEST_CASE("a client redeems an invitation and a reset in a server of its process")
{
    asio::io_context io;
    auto options = test_options();
    options.registration = porter::registration_mode::invited;
    porter::testing::server server{io, greet, options};
    auto const bob = server.add_account("Bob", "secret");
    porter::testing::run(io, [](porter::testing::server& tested, porter::store::account_id id) -> task<void> {
        auto alice = co_await connected(tested);
        auto denied = co_await alice.register_account("Alice", "a horse on a staple");
        REQUIRE_FALSE(denied);
        CHECK(denied.error().code == code::registration_closed);
        auto const invitation = tested.add_invitation("Alice");
        CHECK(porter::is_access_code(invitation));
        denied = co_await alice.redeem(invitation, "Carol", "a horse on a staple");
        REQUIRE_FALSE(denied);
        CHECK(denied.error().code == code::invalid_code);
        auto granted = co_await alice.redeem(invitation, "Alice", "a horse on a staple");
        REQUIRE(granted);
        CHECK(granted->auth_method == porter::auth_method::redeem);
        CHECK(granted->token.size() == 47);

        auto other = co_await connected(tested);
        auto const reset = tested.add_reset(id);
        tested.advance(std::chrono::days{1});
        denied = co_await other.redeem(reset, "Bob", "another horse on a staple");
        REQUIRE_FALSE(denied);
        CHECK(denied.error().code == code::invalid_code);
        auto const next = tested.add_reset(id);
        granted = co_await other.redeem(next, "Bob", "another horse on a staple");
        REQUIRE(granted);
        CHECK(granted->name == "Bob");
        CHECK_FALSE(granted->last_login_at);
    }(server, bob));
}

TEST_CASE("a server in the process meets a store that fails")
{
    asio::io_context io;
    porter::testing::server server{io, greet};
    server.store().set_unavailable(true);
    porter::testing::run(io, [](porter::testing::server& tested) -> task<void> {
        auto alice = co_await connected(tested);
        auto denied = co_await alice.register_account("Alice", "a horse on a staple");
        REQUIRE_FALSE(denied);
        CHECK(denied.error().code == code::unavailable);
    }(server));
}

TEST_CASE("several servers run in one process")
{
    asio::io_context io;
    porter::testing::server one{io, greet, test_options(porter::access::open)};
    porter::testing::server other{io, greet, test_options(porter::access::open)};
    CHECK(one.port() != other.port());
    porter::testing::run(io, [](porter::testing::server& first, porter::testing::server& second) -> task<void> {
        auto a = co_await connected(first);
        auto b = co_await connected(second);
        CHECK(first.connection_count() == 1);
        CHECK(second.connection_count() == 1);
    }(one, other));
}
