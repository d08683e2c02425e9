// Codes of invitations and resets on the wire (promise P10).
#include <chrono>
#include <string>
#include <vector>

#include "base/access_code.hpp"
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
namespace wire = detail::protocol;
namespace base = detail::base;

namespace {

constexpr std::string_view new_password = "another horse on a staple";

bool has_code(wire::denied const& denied, code expected)
{
    return denied.code == static_cast<std::uint16_t>(expected);
}

/// The code of a new invitation.
std::string invite(server_fixture& fixture, std::uint32_t uses = 1)
{
    auto const code = base::make_access_code();
    fixture.store.add(
        store::invitation{*base::digest_of_access_code(code.view()), {}, uses, fixture.clock.now() + 60s});
    return std::string{code.view()};
}

/// The code of a reset of an account.
std::string reset(server_fixture& fixture, store::account_id account)
{
    auto const code = base::make_access_code();
    fixture.store.add(
        store::password_reset{*base::digest_of_access_code(code.view()), account, fixture.clock.now() + 60s});
    return std::string{code.view()};
}

task<store::account_id> account_named(server_fixture& fixture, std::string folded_name)
{
    auto const found = co_await fixture.store.ports().accounts.find(std::move(folded_name));
    co_return (*found)->id;
}

}  // namespace

TEST_CASE("an invitation registers an account where registration is closed and is spent")
{
    server_fixture fixture;
    fixture.verifier.set_options({.registration = registration_mode::closed});
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.greeted();
        co_await client.send(registration("Alice"));
        auto denied = co_await client.receive<wire::denied>();
        CHECK(has_code(denied, code::registration_closed));
        auto const code_text = invite(fixture);
        co_await client.send(wire::redeem{code_text, "Alice", test_password});
        auto const granted = co_await client.receive<wire::granted>();
        CHECK(granted.auth_method == wire::auth_method::redeem);
        CHECK(granted.name == "Alice");
        CHECK(granted.token.size() == 47);
        CHECK(granted.last_login_at == 0);
        co_await client.exchange("hello");

        auto other = co_await fixture.greeted();
        co_await other.send(wire::redeem{code_text, "Bob", test_password});
        denied = co_await other.receive<wire::denied>();
        CHECK(has_code(denied, code::invalid_code));
        co_await other.send(login_request("Alice"));
        co_await other.receive_access();
    });
    CHECK(fixture.log.count("invitation_redeemed") == 1);
    CHECK(fixture.log.count("redeem_denied") == 1);
}

TEST_CASE("an invited registration is told that it needs a code")
{
    server_fixture fixture;
    fixture.verifier.set_options({.registration = registration_mode::invited});
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.greeted();
        co_await client.send(registration("Alice"));
        auto const denied = co_await client.receive<wire::denied>();
        CHECK(has_code(denied, code::registration_closed));
        CHECK(denied.reason == "this server takes new accounts by invitation only");
    });
}

TEST_CASE("a reset gives another password and ends the other sessions")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto const id = co_await account_named(fixture, "alice");
        auto const code_text = reset(fixture, id);
        auto client = co_await fixture.greeted();
        co_await client.send(wire::redeem{code_text, "Alice", new_password});
        auto const granted = co_await client.receive<wire::granted>();
        CHECK(granted.auth_method == wire::auth_method::redeem);
        CHECK(granted.name == "Alice");
        CHECK(granted.token.size() == 47);
        CHECK(granted.last_login_at != 0);
        auto const is_ended = co_await alice.receives_closing(code::session_ended);
        CHECK(is_ended);

        auto again = co_await fixture.greeted();
        co_await again.send(login_request("Alice"));
        auto denied = co_await again.receive<wire::denied>();
        CHECK(has_code(denied, code::bad_credentials));
        co_await again.send(wire::redeem{code_text, "Alice", test_password});
        denied = co_await again.receive<wire::denied>();
        CHECK(has_code(denied, code::invalid_code));
        co_await again.send(wire::login{"Alice", new_password});
        co_await again.receive_access();
    });
    CHECK(fixture.log.count("password_reset") == 1);
}

TEST_CASE("clients that redeem an invitation at the same time get as many accounts as it has uses")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto const code_text = invite(fixture, 2);
        std::vector<test_client> clients;
        for (int i = 0; i < 5; ++i) {
            auto client = co_await fixture.greeted("127.0.0." + std::to_string(10 + i));
            clients.push_back(std::move(client));
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            auto const name = "name" + std::to_string(i);
            co_await clients[i].send(wire::redeem{code_text, name, test_password});
        }
        int granted = 0;
        for (auto& each : clients) {
            auto const reply = co_await each.receive();
            REQUIRE(reply);
            if (std::holds_alternative<wire::granted>(*reply)) {
                ++granted;
            } else {
                CHECK(has_code(std::get<wire::denied>(*reply), code::invalid_code));
            }
        }
        CHECK(granted == 2);
    });
}

TEST_CASE("the fifth invalid code ends the connection")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.greeted();
        for (int i = 0; i < 5; ++i) {
            co_await client.send(wire::redeem{"0000", "Alice", test_password});
            auto const denied = co_await client.receive<wire::denied>();
            CHECK(has_code(denied, code::invalid_code));
        }
        auto const closed = co_await client.receives_closing(code::too_many_attempts);
        CHECK(closed);
    });
}

TEST_CASE("redeem after access is a protocol error")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto const code_text = invite(fixture);
        co_await alice.send(wire::redeem{code_text, "Bob", test_password});
        auto const closed = co_await alice.receives_closing(code::protocol_error);
        CHECK(closed);
    });
}

TEST_CASE("a partitioned server redeems nothing and spends nothing")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto const code_text = invite(fixture);
        fixture.store.set_partitioned(true);
        auto client = co_await fixture.greeted();
        co_await client.send(wire::redeem{code_text, "Alice", test_password});
        auto const denied = co_await client.receive<wire::denied>();
        CHECK(has_code(denied, code::unavailable));
        fixture.store.set_partitioned(false);
        co_await client.send(wire::redeem{code_text, "Alice", test_password});
        co_await client.receive_access();
    });
}
