// The numbers of docs/PROTOCOL.md, failures, by the clock of the test (promise P2).
#include <span>
#include <vector>

#include "auth/verifier_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using namespace std::chrono_literals;
using testing::refusal_of;
using testing::verifier_fixture;

namespace {

struct fixture : verifier_fixture {
    store::account alice = *register_account("Alice", "correct horse");
    int strangers = 0;

    /// A wrong password from an address that nobody has been seen at.
    result<auth::principal> guess(std::string_view name = "Alice", std::string_view password = "wrong horse")
    {
        ++strangers;
        return login_from("10.0." + std::to_string(strangers / 250) + "." + std::to_string(strangers % 250), name,
                          password);
    }

    /// 100 failures in a row.
    void lock(std::string_view name)
    {
        for (int failed = 0; failed < 100; ++failed) {
            clock.advance(10s);
            if (refusal_of(guess(name)) != code::bad_credentials) throw std::logic_error("it was locked already");
        }
    }
};

}  // namespace

TEST_CASE("after the fourth failure in a row each next one costs a longer pause whether the account exists or not")
{
    fixture fixture;
    auto const name = GENERATE(std::string{"Alice"}, std::string{"Nobody"}, std::string{" impossible\n"});
    CAPTURE(name);
    for (int failed = 0; failed < 3; ++failed) CHECK(refusal_of(fixture.guess(name)) == code::bad_credentials);
    for (auto const pause : {1s, 3s, 5s, 10s, 10s, 10s}) {
        CHECK(refusal_of(fixture.guess(name)) == code::bad_credentials);
        auto const hashes = fixture.hashes.all();
        auto const refused = fixture.guess(name, "correct horse");
        CHECK(refusal_of(refused) == code::throttled);
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
                                spellings{"Nobody", "NOBODY", "nobody", "nOBODY", "nobodY"});
    for (auto const& name : std::span{names}.first(4)) CHECK(refusal_of(fixture.guess(name)) == code::bad_credentials);
    CHECK(refusal_of(fixture.guess(names.back())) == code::throttled);
}

TEST_CASE("what an address is refused counts against no name whether the account exists or not")
{
    fixture fixture;
    auto const name = GENERATE(std::string{"Alice"}, std::string{"Nobody"});
    CAPTURE(name);
    auto const* const from = "192.0.2.200";
    for (int failed = 0; failed < 20; ++failed) {
        CHECK(refusal_of(fixture.login_from(from, "guess " + std::to_string(failed), "x")) == code::bad_credentials);
    }
    for (int i = 0; i < 10; ++i) CHECK(refusal_of(fixture.login_from(from, name, "x")) == code::throttled);
    CHECK(refusal_of(fixture.guess(name)) == code::bad_credentials);
}

TEST_CASE("after a hundred failures in a row no password is taken whether the account exists or not")
{
    fixture fixture;
    auto const name = GENERATE(std::string{"Alice"}, std::string{"Nobody"});
    CAPTURE(name);
    fixture.lock(name);
    fixture.clock.advance(std::chrono::hours{24 * 365});
    auto const refused = fixture.guess(name, "correct horse");
    CHECK(refusal_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == 0s);
}

TEST_CASE("a stranger cannot lock the owner out")
{
    fixture fixture;
    auto const owner = fixture.login_from("203.0.113.1", "Alice", "correct horse");
    REQUIRE(owner);
    fixture.log_in(*owner, "203.0.113.1");
    fixture.lock("Alice");
    CHECK(refusal_of(fixture.guess("Alice", "correct horse")) == code::throttled);
    auto const again = fixture.login_from("203.0.113.1", "Alice", "correct horse");
    REQUIRE(again);
    fixture.log_in(*again, "203.0.113.1");
    CHECK(refusal_of(fixture.guess("Alice", "correct horse")) == code::throttled);
}

TEST_CASE("success resets the failure counter")
{
    fixture fixture;
    for (int round = 0; round < 3; ++round) {
        for (int failed = 0; failed < 3; ++failed) CHECK(refusal_of(fixture.guess()) == code::bad_credentials);
        auto const proved = fixture.guess("Alice", "correct horse");
        REQUIRE(proved);
        fixture.log_in(*proved, "10.1.1.1");
    }
}

TEST_CASE("twenty failures in ten minutes are enough of an address or a network of IPv6")
{
    fixture fixture;
    auto const from = GENERATE(std::pair{"192.0.2.200", "192.0.2.200"}, std::pair{"2001:db8::1", "2001:db8::ffff:2"});
    for (int failed = 0; failed < 20; ++failed) {
        auto const name = "guess " + std::to_string(failed);
        CHECK(refusal_of(fixture.login_from(from.first, name, "correct horse")) == code::bad_credentials);
        fixture.clock.advance(10s);
    }
    auto const hashes = fixture.hashes.all();
    auto const refused = fixture.login_from(from.second, "Alice", "correct horse");
    CHECK(refusal_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == 400s);
    CHECK(fixture.hashes.all() == hashes);
    fixture.clock.advance(400s);
    CHECK(refusal_of(fixture.login_from(from.second, "Nobody", "correct horse")) == code::bad_credentials);
    CHECK(fixture.login_from(from.second, "Alice", "correct horse").error().retry_after == 10s);
    CHECK(fixture.guess("Alice", "correct horse"));
}

TEST_CASE("what a fault of ours leaves counted is given back before the next try")
{
    fixture fixture;
    fixture.hashes.out_of_memory = true;
    fixture.attempts.broken_rollback = true;
    for (int failed = 0; failed < 3; ++failed) CHECK(refusal_of(fixture.guess()) == code::busy);
    CHECK(fixture.stored("alice").failed_since == 3);
    fixture.attempts.broken_rollback = false;
    fixture.hashes.out_of_memory = false;
    CHECK(refusal_of(fixture.guess()) == code::bad_credentials);
    CHECK(fixture.stored("alice").failed_since == 1);
}

TEST_CASE("a store that is down for long costs no memory without end")
{
    fixture fixture;
    fixture.attempts.broken_rollback = true;
    for (int i = 0; i < 1100; ++i) testing::run(fixture.io, fixture.throttle.rollback(store::counted_attempt{}));
    fixture.attempts.broken_rollback = false;
    CHECK(fixture.guess("Alice", "correct horse"));
    CHECK(fixture.attempts.max_rolled_back == 1024);
}

TEST_CASE("a failure that cannot be stored gets no verdict and does not count")
{
    fixture fixture;
    fixture.attempts.broken_fail = true;
    for (auto const* name : {"Alice", "Nobody"}) {
        for (int i = 0; i < 10; ++i) CHECK(refusal_of(fixture.guess(name)) == code::unavailable);
    }
    CHECK(fixture.stored("alice").failed_since == 0);
}

TEST_CASE("of right passwords at the same time none is throttled")
{
    fixture fixture;
    std::vector<auth::principal> proved;
    for (int i = 0; i < 4; ++i) {
        auto const who = fixture.login("Alice", "correct horse");
        REQUIRE(who);
        proved.push_back(*who);
    }
    auto const refused = fixture.login("Alice", "correct horse");
    CHECK(refusal_of(refused) == code::busy);
    CHECK(refused.error().retry_after == 1s);
    for (auto const& who : proved) fixture.log_in(who, "192.0.2.7");
    CHECK(fixture.login("Alice", "correct horse"));
}

TEST_CASE("of right passwords of many accounts at the same time none makes their address throttled")
{
    fixture fixture;
    std::vector<auth::principal> proved;
    for (int i = 0; i < 20; ++i) {
        auto const name = "user " + std::to_string(i);
        REQUIRE(fixture.register_account(name, "correct horse"));
        auto const who = fixture.login(name, "correct horse");
        REQUIRE(who);
        proved.push_back(*who);
    }
    CHECK(refusal_of(fixture.login("Alice", "correct horse")) == code::busy);
    for (auto const& who : proved) fixture.log_in(who, "192.0.2.7");
    CHECK(fixture.login("Alice", "correct horse"));
}

TEST_CASE("a throttled try is logged with its rule")
{
    fixture fixture;
    for (int failed = 0; failed < 5; ++failed) CHECK_FALSE(fixture.guess());
    auto const events = fixture.log.events("throttled");
    REQUIRE(events.size() == 1);
    CHECK(events[0].fields[0].first == "address");
    CHECK(events[0].field("rule") == "account_paused");
    CHECK(events[0].field("retry_after") == "1");
}
