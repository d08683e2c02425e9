// The numbers of docs/PROTOCOL.md, failures, by the clock of the test (promise P2).
#include <span>
#include <vector>

#include "auth/verifier_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using namespace std::chrono_literals;
using testing::code_of;
using testing::verifier_fixture;

namespace {

struct fixture : verifier_fixture {
    detail::store::account alice = *register_account("Alice", "correct horse");
    int networks_used = 0;

    /// A password from an address that was not used before.
    result<auth::principal> guess(std::string_view name = "Alice", std::string_view password = "wrong horse")
    {
        ++networks_used;
        return login_from("10.0." + std::to_string(networks_used / 250) + "." + std::to_string(networks_used % 250),
                          name, password);
    }

    /// 100 failures in a row.
    void lock(std::string_view name)
    {
        for (int failed = 0; failed < 100; ++failed) {
            clock.advance(10s);
            if (code_of(guess(name)) != code::bad_credentials) throw std::logic_error("it was locked already");
        }
    }
};

}  // namespace

TEST_CASE("after the fourth failure in a row each next one costs a longer pause whether the account exists or not")
{
    fixture fixture;
    auto const name = GENERATE(std::string{"Alice"}, std::string{"Unused"}, std::string{" impossible\n"});
    CAPTURE(name);
    for (int failed = 0; failed < 3; ++failed) CHECK(code_of(fixture.guess(name)) == code::bad_credentials);
    for (auto const pause : {1s, 3s, 5s, 10s, 10s, 10s}) {
        CHECK(code_of(fixture.guess(name)) == code::bad_credentials);
        auto const hashes = fixture.hashes.all();
        auto const refused = fixture.guess(name, "correct horse");
        CHECK(code_of(refused) == code::throttled);
        CHECK(refused.error().retry_after == pause);
        fixture.clock.advance(pause - 1s);
        CHECK(fixture.guess(name, "correct horse").error().retry_after == 1s);
        CHECK(fixture.hashes.all() == hashes);
        fixture.clock.advance(1s);
    }
}

TEST_CASE("all spellings of a name share its failures whether the account exists or not")
{
    fixture fixture;
    using spellings = std::vector<std::string>;
    auto const names = GENERATE(spellings{"Alice", "ALICE", "alice", "aLICE", "alicE"},
                                spellings{"Unused", "UNUSED", "unused", "uNUSED", "unuseD"});
    for (auto const& name : std::span{names}.first(4)) CHECK(code_of(fixture.guess(name)) == code::bad_credentials);
    CHECK(code_of(fixture.guess(names.back())) == code::throttled);
}

TEST_CASE("attempts denied to an address count against no name whether the account exists or not")
{
    fixture fixture;
    auto const name = GENERATE(std::string{"Alice"}, std::string{"Unused"});
    CAPTURE(name);
    auto const* const from = "192.0.2.200";
    for (int failed = 0; failed < 20; ++failed) {
        CHECK(code_of(fixture.login_from(from, "guess " + std::to_string(failed), "x")) == code::bad_credentials);
    }
    for (int i = 0; i < 10; ++i) CHECK(code_of(fixture.login_from(from, name, "x")) == code::throttled);
    CHECK(code_of(fixture.guess(name)) == code::bad_credentials);
}

TEST_CASE("after a hundred failures in a row no password is accepted whether the account exists or not")
{
    fixture fixture;
    auto const name = GENERATE(std::string{"Alice"}, std::string{"Unused"});
    CAPTURE(name);
    fixture.lock(name);
    fixture.clock.advance(std::chrono::hours{24 * 365});
    auto const refused = fixture.guess(name, "correct horse");
    CHECK(code_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == 0s);
}

TEST_CASE("failures from unknown networks do not lock the owner out")
{
    fixture fixture;
    auto const owner = fixture.login_from("203.0.113.1", "Alice", "correct horse");
    REQUIRE(owner);
    fixture.log_in(*owner, "203.0.113.1");
    fixture.lock("Alice");
    CHECK(code_of(fixture.guess("Alice", "correct horse")) == code::throttled);
    auto const again = fixture.login_from("203.0.113.1", "Alice", "correct horse");
    REQUIRE(again);
    fixture.log_in(*again, "203.0.113.1");
    CHECK(code_of(fixture.guess("Alice", "correct horse")) == code::throttled);
}

TEST_CASE("success resets the failure counter")
{
    fixture fixture;
    for (int round = 0; round < 3; ++round) {
        for (int failed = 0; failed < 3; ++failed) CHECK(code_of(fixture.guess()) == code::bad_credentials);
        auto const proved = fixture.guess("Alice", "correct horse");
        REQUIRE(proved);
        fixture.log_in(*proved, "10.1.1.1");
    }
}

TEST_CASE("twenty failures in ten minutes throttle an address or an IPv6 network")
{
    fixture fixture;
    auto const from = GENERATE(std::pair{"192.0.2.200", "192.0.2.200"}, std::pair{"2001:db8::1", "2001:db8::ffff:2"});
    for (int failed = 0; failed < 20; ++failed) {
        auto const name = "guess " + std::to_string(failed);
        CHECK(code_of(fixture.login_from(from.first, name, "correct horse")) == code::bad_credentials);
        fixture.clock.advance(10s);
    }
    auto const hashes = fixture.hashes.all();
    auto const refused = fixture.login_from(from.second, "Alice", "correct horse");
    CHECK(code_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == 400s);
    CHECK(fixture.hashes.all() == hashes);
    fixture.clock.advance(400s);
    CHECK(code_of(fixture.login_from(from.second, "Unused", "correct horse")) == code::bad_credentials);
    CHECK(fixture.login_from(from.second, "Alice", "correct horse").error().retry_after == 10s);
    CHECK(fixture.guess("Alice", "correct horse"));
}

TEST_CASE("an attempt that could not be rolled back is rolled back before the next one")
{
    fixture fixture;
    fixture.hashes.out_of_memory = true;
    fixture.attempts.broken_rollback = true;
    for (int failed = 0; failed < 3; ++failed) CHECK(code_of(fixture.guess()) == code::busy);
    CHECK(fixture.stored("alice").failed_since == 3);
    fixture.attempts.broken_rollback = false;
    fixture.hashes.out_of_memory = false;
    CHECK(code_of(fixture.guess()) == code::bad_credentials);
    CHECK(fixture.stored("alice").failed_since == 1);
}

TEST_CASE("deferred rollbacks are bounded while the store is unavailable")
{
    fixture fixture;
    fixture.attempts.broken_rollback = true;
    for (int i = 0; i < 1100; ++i)
        testing::run(fixture.io, fixture.throttle.rollback(detail::store::counted_attempt{}));
    fixture.attempts.broken_rollback = false;
    CHECK(fixture.guess("Alice", "correct horse"));
    CHECK(fixture.attempts.max_rolled_back == 1024);
}

TEST_CASE("a failure that cannot be stored is unavailable and does not count")
{
    fixture fixture;
    fixture.attempts.broken_fail = true;
    for (auto const* name : {"Alice", "Unused"}) {
        for (int i = 0; i < 10; ++i) CHECK(code_of(fixture.guess(name)) == code::unavailable);
    }
    CHECK(fixture.stored("alice").failed_since == 0);
}

TEST_CASE("concurrent right passwords are not throttled")
{
    fixture fixture;
    std::vector<auth::principal> proved;
    for (int i = 0; i < 4; ++i) {
        auto const principal = fixture.login("Alice", "correct horse");
        REQUIRE(principal);
        proved.push_back(*principal);
    }
    auto const refused = fixture.login("Alice", "correct horse");
    CHECK(code_of(refused) == code::busy);
    CHECK(refused.error().retry_after == 1s);
    for (auto const& principal : proved) fixture.log_in(principal, "192.0.2.7");
    CHECK(fixture.login("Alice", "correct horse"));
}

TEST_CASE("concurrent right passwords of many accounts do not throttle their address")
{
    fixture fixture;
    std::vector<auth::principal> proved;
    for (int i = 0; i < 20; ++i) {
        auto const name = "user " + std::to_string(i);
        REQUIRE(fixture.register_account(name, "correct horse"));
        auto const principal = fixture.login(name, "correct horse");
        REQUIRE(principal);
        proved.push_back(*principal);
    }
    CHECK(code_of(fixture.login("Alice", "correct horse")) == code::busy);
    for (auto const& principal : proved) fixture.log_in(principal, "192.0.2.7");
    CHECK(fixture.login("Alice", "correct horse"));
}

TEST_CASE("a throttled attempt is logged with its rule")
{
    fixture fixture;
    for (int failed = 0; failed < 5; ++failed) CHECK_FALSE(fixture.guess());
    auto const events = fixture.log.events("throttled");
    REQUIRE(events.size() == 1);
    CHECK(events[0].fields[0].first == "address");
    CHECK(events[0].field("rule") == "account_paused");
    CHECK(events[0].field("retry_after") == "1");
}
