// Second factors over the protocol: enrolment, login with a code, throttling (promise P11).
#include "auth/recovery_code.hpp"
#include "auth/totp.hpp"
#include "base/access_code.hpp"
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
namespace auth = detail::auth;
namespace wire = detail::protocol;
using wire::factor_action;

namespace {

/// The secret of an otpauth:// URI, in bytes.
std::string secret_of(std::string_view uri)
{
    constexpr std::string_view key = "secret=";
    auto const text = uri.substr(uri.find(key) + key.size(), 32);
    std::string bytes;
    std::uint32_t pending = 0;
    unsigned bits = 0;
    for (auto const letter : text) {
        auto const value = letter >= 'A' ? letter - 'A' : letter - '2' + 26;
        pending = (pending << 5U) | static_cast<std::uint32_t>(value);
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>((pending >> bits) & 0xffU);
    }
    return bytes;
}

/// A server with the account Alice, which has a second factor.
class factor_fixture : public server_fixture {
public:
    task<void> enrol()
    {
        auto alice = co_await registered("Alice");
        token = alice.token();
        co_await alice.send(wire::second_factor{factor_action::begin, ""});
        auto const begun = co_await alice.receive<wire::enrolment>();
        CHECK(begun.uri.starts_with("otpauth://totp/Porter:Alice?"));
        CHECK(begun.recovery_codes.empty());
        secret = secret_of(begun.uri);
        auto const first = code();
        co_await alice.send(wire::second_factor{factor_action::confirm, first});
        auto const confirmed = co_await alice.receive<wire::enrolment>();
        CHECK(confirmed.uri.empty());
        for (auto const each : confirmed.recovery_codes) recovery_codes.emplace_back(each);
    }

    /// The code of now, or of a later or earlier step.
    std::string code(std::int64_t skew = 0) const { return auth::hotp(secret, auth::totp_step_of(clock.now()) + skew); }

    /// A connection whose password was right.
    task<test_client> half_logged_in()
    {
        auto client = co_await greeted();
        co_await client.send(login_request("Alice"));
        auto const denied = co_await client.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(porter::code::second_factor));
        co_return client;
    }

    /// The code of a reset that an administrator has made for Alice.
    task<std::string> reset()
    {
        auto const alice = co_await store.ports().accounts.find("alice");
        auto const made = detail::base::make_access_code();
        store.add(porter::store::password_reset{*detail::base::digest_of_access_code(made.view()), (*alice)->id,
                                                clock.now() + 600s});
        co_return std::string{made.view()};
    }

    /// How often access by this method was denied with this code.
    std::uint64_t denied(auth_method method, porter::code reason) const
    {
        using statistics = detail::server::worker_statistics;
        std::uint64_t total = 0;
        for (auto const* each : server->all_workers()) {
            auto const& by_code = each->statistics().access_denied[statistics::index_of(method)];
            total += by_code[statistics::index_of(reason)].value();
        }
        return total;
    }

    std::string secret;
    std::string token;
    std::vector<std::string> recovery_codes;
};

task<void> expect_denied(test_client& client, code expected)
{
    auto const denied = co_await client.receive<wire::denied>();
    CHECK(name_of(static_cast<code>(denied.code)) == name_of(expected));
}

}  // namespace

TEST_CASE("a right password of an account with a second factor needs a code which is accepted once")
{
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        CHECK(fixture.recovery_codes.size() == auth::recovery_code_count);
        auto client = co_await fixture.half_logged_in();
        auto const confirming = fixture.code();
        co_await client.send(wire::prove{confirming});
        co_await expect_denied(client, code::bad_credentials);  // it has confirmed the enrolment
        fixture.clock.advance(30s);
        auto const next = fixture.code();
        co_await client.send(wire::prove{next});
        co_await client.receive_access();
        CHECK(client.session() != 0);

        auto other = co_await fixture.half_logged_in();
        co_await other.send(wire::prove{next});
        co_await expect_denied(other, code::bad_credentials);
        auto const ahead = fixture.code(1);
        co_await other.send(wire::prove{ahead});
        co_await other.receive_access();
    });
    CHECK(fixture.log.count("second_factor_added") == 1);
    CHECK(fixture.log.count("second_factor_required") == 2);
    CHECK(fixture.log.count("login_failed") == 2);
    CHECK(fixture.log.count("login") == 2);
}

TEST_CASE("a session is resumed without a code")
{
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        auto client = co_await fixture.greeted();
        co_await client.resume(fixture.token);
        CHECK(client.session() != 0);
    });
}

TEST_CASE("a recovery code replaces a code once")
{
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        auto client = co_await fixture.half_logged_in();
        co_await client.send(wire::prove{fixture.recovery_codes[0]});
        co_await client.receive_access();
        auto other = co_await fixture.half_logged_in();
        co_await other.send(wire::prove{fixture.recovery_codes[0]});
        co_await expect_denied(other, code::bad_credentials);
        co_await other.send(wire::prove{fixture.recovery_codes[1]});
        co_await other.receive_access();
    });
}

TEST_CASE("wrong codes are throttled like wrong passwords and a right password resets nothing")
{
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        for (int connection = 0; connection < 2; ++connection) {
            auto client = co_await fixture.half_logged_in();
            for (int i = 0; i < 2; ++i) {
                co_await client.send(wire::prove{"not a code"});
                co_await expect_denied(client, code::bad_credentials);
            }
        }
        auto client = co_await fixture.greeted();
        co_await client.send(login_request("Alice"));
        co_await expect_denied(client, code::throttled);
        fixture.clock.advance(30s);
        co_await client.send(login_request("Alice"));
        co_await expect_denied(client, code::second_factor);
        auto const right = fixture.code();
        co_await client.send(wire::prove{right});
        co_await client.receive_access();
    });
}

TEST_CASE("a code proves nothing without a right password on the same connection")
{
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        fixture.clock.advance(30s);
        auto const right = fixture.code();
        auto client = co_await fixture.greeted();
        co_await client.send(wire::prove{right});
        co_await expect_denied(client, code::bad_credentials);
        co_await client.send(wire::login{"Alice", "a wrong password"});
        co_await expect_denied(client, code::bad_credentials);
        co_await client.send(wire::prove{right});
        co_await expect_denied(client, code::bad_credentials);
        auto proper = co_await fixture.half_logged_in();
        co_await proper.send(wire::prove{right});
        co_await proper.receive_access();
    });
}

TEST_CASE("a second factor is removed with a fresh code and the password is enough again")
{
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        auto alice = co_await fixture.greeted();
        co_await alice.resume(fixture.token);
        co_await alice.send(wire::second_factor{factor_action::begin, ""});
        co_await expect_denied(alice, code::second_factor);
        auto const used = fixture.code();
        co_await alice.send(wire::second_factor{factor_action::remove, used});
        co_await expect_denied(alice, code::bad_credentials);
        fixture.clock.advance(30s);
        auto const fresh = fixture.code();
        co_await alice.send(wire::second_factor{factor_action::remove, fresh});
        co_await alice.receive<wire::done>();
        co_await alice.send(wire::second_factor{factor_action::remove, fresh});
        co_await expect_denied(alice, code::not_found);
        auto other = co_await fixture.logged_in("Alice");
        CHECK(other.session() != 0);
    });
    CHECK(fixture.log.count("second_factor_removed") == 1);
}

TEST_CASE("an enrolment is confirmed on its own connection by its own code")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        co_await alice.send(wire::second_factor{factor_action::confirm, "123456"});
        co_await expect_denied(alice, code::not_found);
        co_await alice.send(wire::second_factor{factor_action::begin, ""});
        co_await alice.receive<wire::enrolment>();
        co_await alice.send(wire::second_factor{factor_action::confirm, "no code"});
        co_await expect_denied(alice, code::bad_credentials);
        auto other = co_await fixture.logged_in("Alice");  // nothing is stored yet
        co_await other.send(wire::second_factor{factor_action::confirm, "123456"});
        co_await expect_denied(other, code::not_found);
    });
    CHECK(fixture.log.count("login_failed") == 0);
}

TEST_CASE("while the store is down a code is neither used nor counted")
{
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        fixture.clock.advance(30s);
        auto client = co_await fixture.half_logged_in();
        fixture.store.set_unavailable(true);
        auto const right = fixture.code();
        co_await client.send(wire::prove{right});
        co_await expect_denied(client, code::unavailable);
        fixture.store.set_unavailable(false);
        co_await client.send(wire::prove{right});
        co_await client.receive_access();
    });
}

TEST_CASE("a reset of an account with a second factor needs a code and changes nothing before")
{
    constexpr std::string_view new_password = "another horse on a staple";
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        auto const reset = co_await fixture.reset();
        auto client = co_await fixture.greeted();
        co_await client.send(wire::redeem{reset, "Alice", new_password});
        co_await expect_denied(client, code::second_factor);
        co_await client.send(wire::prove{"not a code"});
        co_await expect_denied(client, code::bad_credentials);
        auto other = co_await fixture.half_logged_in();  // with the old password
        fixture.clock.advance(30s);
        auto const next = fixture.code();
        co_await client.send(wire::prove{next});
        auto const granted = co_await client.receive<wire::granted>();
        CHECK(granted.auth_method == wire::auth_method::redeem);
        CHECK(granted.name == "Alice");
        CHECK(granted.failed_since == 1);

        co_await other.send(wire::prove{fixture.recovery_codes[0]});
        co_await expect_denied(other, code::bad_credentials);  // its password is not that of the account any more
        co_await other.send(wire::redeem{reset, "Alice", new_password});
        co_await expect_denied(other, code::invalid_code);
        co_await other.send(wire::login{"Alice", new_password});
        co_await expect_denied(other, code::second_factor);
    });
    CHECK(fixture.log.count("password_reset") == 1);
    CHECK(fixture.log.count("second_factor_required") == 3);
}

TEST_CASE("a prove after a redeem is counted and logged as a redeem")
{
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        auto const reset = co_await fixture.reset();
        auto client = co_await fixture.greeted();
        co_await client.send(wire::redeem{reset, "Alice", "another horse on a staple"});
        co_await expect_denied(client, code::second_factor);
        co_await client.send(wire::prove{"not a code"});
        co_await expect_denied(client, code::bad_credentials);
        auto const confirming = fixture.code();
        co_await client.send(wire::prove{confirming});
        co_await expect_denied(client, code::bad_credentials);
        fixture.store.set_unavailable(true);
        co_await client.send(wire::prove{"not a code"});
        co_await expect_denied(client, code::unavailable);
        fixture.store.set_unavailable(false);
        fixture.store.set_partitioned(true);
        co_await client.send(wire::prove{"not a code"});
        co_await expect_denied(client, code::unavailable);
    });
    CHECK(fixture.denied(auth_method::redeem, code::bad_credentials) == 2);
    CHECK(fixture.denied(auth_method::redeem, code::unavailable) == 2);
    CHECK(fixture.denied(auth_method::login, code::bad_credentials) == 0);
    CHECK(fixture.denied(auth_method::login, code::unavailable) == 0);
    auto const logged = fixture.log.events("redeem_denied");
    REQUIRE(logged.size() == 4);
    CHECK(logged[0].field("code") == "bad_credentials");
    CHECK(logged[0].field("name") == "Alice");
    CHECK(logged[0].field("cause") == "wrong_code");
    CHECK(logged[1].field("cause") == "used_code");
    CHECK(logged[2].field("code") == "unavailable");
    CHECK(logged[3].field("code") == "unavailable");
    CHECK(fixture.log.count("login_failed") == 0);
    CHECK(fixture.log.count("login_denied") == 0);
}

TEST_CASE("a prove belongs to the last login or redeem of its connection")
{
    factor_fixture fixture;
    fixture.run([&]() -> task<void> {
        co_await fixture.enrol();
        auto const reset = co_await fixture.reset();
        auto client = co_await fixture.greeted();
        co_await client.send(wire::redeem{reset, "Alice", "another horse on a staple"});
        co_await expect_denied(client, code::second_factor);
        co_await client.send(login_request("Alice"));
        co_await expect_denied(client, code::second_factor);
        co_await client.send(wire::prove{fixture.recovery_codes[0]});
        auto granted = co_await client.receive<wire::granted>();
        CHECK(granted.auth_method == wire::auth_method::login);

        auto other = co_await fixture.half_logged_in();  // so the password is the old one
        co_await other.send(wire::redeem{"no code", "Alice", "another horse on a staple"});
        co_await expect_denied(other, code::invalid_code);
        co_await other.send(wire::prove{fixture.recovery_codes[1]});
        co_await expect_denied(other, code::bad_credentials);
    });
    CHECK(fixture.log.count("password_reset") == 0);
}
