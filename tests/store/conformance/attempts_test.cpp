// How failed attempts slow down further ones (promise P2); tests/auth has the numbers of porterd.
#include <asio/co_spawn.hpp>
#include <exception>

#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::detail::store::decision;
using rule = decision::rule;

namespace {

std::string const known_network = "192.0.2.1";

/// A new unknown network each time.
std::string new_network()
{
    static int number = 0;
    return "198.51.100." + std::to_string(++number);
}

template <typename Target>
porter::task<void> count_allowed(porter::detail::store::attempts& attempts, Target target, int& allowed)
{
    auto attempt = attempt_at(target, new_network(), 0);
    auto const result = co_await attempts.begin(std::move(attempt), few_attempts);
    if (result && result->decision.allows()) ++allowed;
}

}  // namespace

TEST_CASE("attempts are counted until one succeeds")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.fail(alice.id, new_network(), 0);
    auto login = session_of(alice, 1);
    login.attempt = fixture.fail(alice.id, new_network(), 0).counted;
    CHECK(fixture.account(alice.id).failed_since == 2);
    CHECK(fixture.fail(alice.id, new_network(), 0).decision.by == rule::account_paused);
    auto const opened = fixture.run(fixture.sessions().open(login));
    REQUIRE(opened);
    CHECK(opened->before.failed_since == 1);
    CHECK(fixture.account(alice.id).failed_since == 0);
    CHECK(fixture.fail(alice.id, new_network(), 0).decision.allows());
    CHECK(fixture.fail(alice.id, new_network(), 0).decision.allows());
    CHECK_FALSE(fixture.fail(alice.id, new_network(), 0).decision.allows());
}

TEST_CASE("each failure in a row brings a longer pause and the last one a lock")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.fail(alice.id, new_network(), 0);
    int now = 0;
    for (auto const pause : {1, 3, 5, 10}) {
        CHECK(fixture.fail(alice.id, new_network(), now).decision.allows());
        auto const denied = fixture.fail(alice.id, new_network(), now).decision;
        CHECK(denied.by == rule::account_paused);
        CHECK(denied.retry_after == std::chrono::seconds{pause});
        now += pause;
        CHECK(fixture.fail(alice.id, new_network(), now - 1).decision.retry_after == 1s);
    }
    CHECK(fixture.fail(alice.id, new_network(), now).decision.allows());
    auto const locked = fixture.fail(alice.id, new_network(), now + 1'000'000).decision;
    CHECK(locked.by == rule::account_locked);
    CHECK(locked.retry_after == 0s);
    CHECK(fixture.account(alice.id).failed_since == 6);
}

TEST_CASE("concurrent attempts gain nothing")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    int allowed = 0;
    fixture.io().restart();
    for (int i = 0; i < 20; ++i) {
        asio::co_spawn(fixture.io(), count_allowed(fixture.attempts(), alice.id, allowed),
                       [](std::exception_ptr error) {
                           if (error) std::rethrow_exception(error);
                       });
    }
    fixture.io().run();
    CHECK(allowed == 2);
}

TEST_CASE("a network from which the account was accessed has its own failure counter")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.open(session_of(alice, 1));
    for (int i = 0; i < 200; i += 20) fixture.fail(alice.id, new_network(), i);
    CHECK(fixture.fail(alice.id, new_network(), 1000).decision.by == rule::account_locked);

    CHECK(fixture.fail(alice.id, known_network, 1000).decision.allows());
    auto login = session_of(alice, 2);
    login.attempt = fixture.fail(alice.id, known_network, 1000).counted;
    CHECK(fixture.fail(alice.id, known_network, 1000).decision.by == rule::account_paused);
    fixture.open(login);
    CHECK(fixture.fail(alice.id, known_network, 1000).decision.allows());
    CHECK(fixture.fail(alice.id, new_network(), 1000).decision.by == rule::account_locked);
}

TEST_CASE("a network that is known to one account is unknown to another")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const bob = fixture.add("bob");
    fixture.open(session_of(bob, 1));
    fixture.fail(alice.id, new_network(), 0);
    fixture.fail(alice.id, new_network(), 0);
    CHECK_FALSE(fixture.fail(alice.id, known_network, 0).decision.allows());
}

TEST_CASE("the network that resumes a session becomes known")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const id = fixture.open(session_of(alice, 1));
    porter::detail::store::session_activity use;
    use.id = id;
    use.at = at(1);
    use.address = "203.0.113.5";
    use.network = "203.0.113.5";
    std::vector<porter::detail::store::session_activity> const uses{use};
    CHECK(fixture.run(fixture.sessions().touch(uses)));
    fixture.fail(alice.id, new_network(), 2);
    fixture.fail(alice.id, new_network(), 2);
    CHECK_FALSE(fixture.fail(alice.id, new_network(), 2).decision.allows());
    CHECK(fixture.fail(alice.id, "203.0.113.5", 2).decision.allows());
}

TEST_CASE("the network of an address that is recorded with an account becomes known")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    CHECK(fixture.run(fixture.addresses().record("203.0.113.5", "203.0.113.5", "alice", alice.id, at(1))));
    fixture.begin(alice.id, new_network(), 2);
    fixture.begin(alice.id, new_network(), 2);
    CHECK_FALSE(fixture.begin(alice.id, new_network(), 2).decision.allows());
    CHECK(fixture.begin(alice.id, "203.0.113.5", 2).decision.allows());
}

TEST_CASE("a network is throttled after too many failures within its window")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.fail(alice.id, known_network, 0);
    fixture.fail(std::nullopt, known_network, 10);
    fixture.fail(std::nullopt, known_network, 20);
    auto const denied = fixture.fail(std::nullopt, known_network, 20).decision;
    CHECK(denied.by == rule::network_throttled);
    CHECK(denied.retry_after == 40s);
    CHECK(fixture.fail(alice.id, known_network, 59).decision.retry_after == 1s);
    CHECK(fixture.fail(std::nullopt, new_network(), 59).decision.allows());
    CHECK(fixture.fail(std::nullopt, known_network, 60).decision.allows());
    CHECK(fixture.fail(std::nullopt, known_network, 61).decision.retry_after == 9s);
    CHECK(fixture.account(alice.id).failed_since == 1);
}

TEST_CASE("the longer of two waits is reported")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.fail(alice.id, known_network, 0);
    fixture.fail(alice.id, known_network, 0);
    CHECK(fixture.fail(alice.id, known_network, 0).decision.by == rule::account_paused);
    fixture.fail(std::nullopt, known_network, 0);
    auto const denied = fixture.fail(alice.id, known_network, 0).decision;
    CHECK(denied.by == rule::network_throttled);
    CHECK(denied.retry_after == 60s);
}

TEST_CASE("an attempt that is rolled back does not count")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.rollback(fixture.begin(alice.id, known_network, 0).counted);
    fixture.rollback(fixture.begin(std::nullopt, known_network, 0).counted);
    CHECK(fixture.account(alice.id).failed_since == 0);
    fixture.fail(alice.id, known_network, 0);
    fixture.fail(alice.id, known_network, 0);
    // The pause is again that of the failure before.
    fixture.rollback(fixture.begin(alice.id, known_network, 5).counted);
    CHECK(fixture.account(alice.id).failed_since == 2);
    CHECK(fixture.fail(alice.id, known_network, 5).decision.allows());
    CHECK(fixture.fail(alice.id, known_network, 5).decision.by == rule::network_throttled);
}

TEST_CASE("an unknown name has the pauses and the lock of an account")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const fail = [&](int now) { return fixture.fail(attempt_at(name_digest(1), new_network(), now)).decision; };
    CHECK(fail(0).allows());
    int now = 0;
    for (auto const pause : {1, 3, 5, 10}) {
        CHECK(fail(now).allows());
        auto const denied = fail(now);
        CHECK(denied.by == rule::account_paused);
        CHECK(denied.retry_after == std::chrono::seconds{pause});
        now += pause;
        CHECK(fail(now - 1).retry_after == 1s);
    }
    CHECK(fail(now).allows());
    CHECK(fail(now + 1'000'000).by == rule::account_locked);
    CHECK(fixture.fail(attempt_at(name_digest(2), new_network(), now)).decision.allows());
}

TEST_CASE("an attempt at an unknown name that is rolled back does not count")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const begin = [&](int now) { return fixture.begin(attempt_at(name_digest(1), new_network(), now)); };
    for (int i = 0; i < 5; ++i) fixture.rollback(begin(0).counted);
    fixture.fail(attempt_at(name_digest(1), new_network(), 0));
    fixture.fail(attempt_at(name_digest(1), new_network(), 0));
    // The pause is again that of the failure before.
    auto const third = begin(5);
    CHECK(third.counted.last_before == at(0));
    fixture.rollback(third.counted);
    CHECK(begin(5).decision.allows());
    CHECK_FALSE(begin(5).decision.allows());
}

TEST_CASE("an attempt at an unknown name that only pending ones deny is pending")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const begin = [&] { return fixture.begin(attempt_at(name_digest(1), new_network(), 0)); };
    auto const first = begin().counted;
    auto const second = begin().counted;
    CHECK(begin().decision.by == rule::pending);
    CHECK(fixture.run(fixture.attempts().fail(first)));
    CHECK(begin().decision.by == rule::pending);
    CHECK(fixture.run(fixture.attempts().fail(second)));
    CHECK(begin().decision.by == rule::account_paused);
}

TEST_CASE("an attempt that its network denies does not count against an unknown name")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    for (int i = 0; i < 3; ++i) fixture.fail(std::nullopt, known_network, 0);
    for (int i = 0; i < 5; ++i) {
        CHECK(fixture.begin(attempt_at(name_digest(1), known_network, 0)).decision.by == rule::network_throttled);
    }
    CHECK(fixture.fail(attempt_at(name_digest(1), new_network(), 0)).decision.allows());
    CHECK(fixture.fail(attempt_at(name_digest(1), new_network(), 0)).decision.allows());
    CHECK(fixture.fail(attempt_at(name_digest(1), new_network(), 0)).decision.by == rule::account_paused);
    // Of two waits the longer one is reported, as for an account.
    auto const denied = fixture.fail(attempt_at(name_digest(1), known_network, 0)).decision;
    CHECK(denied.by == rule::network_throttled);
    CHECK(denied.retry_after == 60s);
}

TEST_CASE("concurrent attempts at an unknown name gain nothing")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    int allowed = 0;
    fixture.io().restart();
    for (int i = 0; i < 20; ++i) {
        asio::co_spawn(fixture.io(), count_allowed(fixture.attempts(), name_digest(1), allowed),
                       [](std::exception_ptr error) {
                           if (error) std::rethrow_exception(error);
                       });
    }
    fixture.io().run();
    CHECK(allowed == 2);
}

TEST_CASE("an attempt at a deleted account counts for its network alone")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const ended = fixture.fail(77, known_network, 0);
    CHECK(ended.decision.allows());
    CHECK_FALSE(ended.counted.account);
    fixture.fail(77, known_network, 0);
    fixture.fail(77, known_network, 0);
    CHECK(fixture.fail(77, known_network, 0).decision.by == rule::network_throttled);
}

TEST_CASE("failures in the future do not throttle after the clock was set back")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    for (int i = 0; i < 3; ++i) fixture.fail(alice.id, known_network, 1'000'000 + 10 * i);
    CHECK_FALSE(fixture.fail(alice.id, known_network, 1'000'021).decision.allows());
    CHECK(fixture.fail(alice.id, known_network, 0).decision.allows());
    // Set back by a moment, the failures count.
    for (int i = 0; i < 3; ++i) fixture.fail(std::nullopt, "203.0.113.7", 100);
    CHECK(fixture.fail(std::nullopt, "203.0.113.7", 95).decision.retry_after == 60s);
    auto const bob = fixture.add("bob");
    fixture.fail(bob.id, new_network(), 2);
    fixture.fail(bob.id, new_network(), 2);
    CHECK(fixture.fail(bob.id, new_network(), 2).decision.retry_after == 1s);
}

TEST_CASE("an attempt that waited longer than the pause after a later failure is paused all the same")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    for (int i = 0; i < 3; ++i) fixture.fail(alice.id, new_network(), 1'000);
    CHECK_FALSE(fixture.fail(alice.id, new_network(), 995).decision.allows());
    CHECK_FALSE(fixture.fail(alice.id, new_network(), 941).decision.allows());
    CHECK(fixture.fail(alice.id, new_network(), 940).decision.allows());
}

TEST_CASE("an attempt that only pending ones deny is pending and not throttled")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const first = fixture.begin(alice.id, new_network(), 0).counted;
    auto const second = fixture.begin(alice.id, new_network(), 0).counted;
    auto const denied = fixture.begin(alice.id, new_network(), 0).decision;
    CHECK(denied.by == rule::pending);
    CHECK(denied.retry_after == 1s);
    CHECK(fixture.run(fixture.attempts().fail(first)));
    CHECK(fixture.begin(alice.id, new_network(), 0).decision.by == rule::pending);
    CHECK(fixture.run(fixture.attempts().fail(second)));
    CHECK(fixture.begin(alice.id, new_network(), 0).decision.by == rule::account_paused);

    fixture.fail(std::nullopt, known_network, 0);
    fixture.fail(std::nullopt, known_network, 0);
    auto const third = fixture.begin(std::nullopt, known_network, 0).counted;
    CHECK(fixture.begin(std::nullopt, known_network, 0).decision.by == rule::pending);
    CHECK(fixture.begin(std::nullopt, new_network(), 0).decision.allows());
    CHECK(fixture.run(fixture.attempts().fail(third)));
    CHECK(fixture.begin(std::nullopt, known_network, 0).decision.by == rule::network_throttled);
}

TEST_CASE("a pending attempt does not affect another known network")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto at_work = session_of(alice, 2);
    at_work.network = "203.0.113.5";
    fixture.open(session_of(alice, 1));
    fixture.open(at_work);
    fixture.begin(alice.id, known_network, 0);
    fixture.fail(alice.id, at_work.network, 0);
    fixture.fail(alice.id, at_work.network, 0);
    CHECK(fixture.begin(alice.id, at_work.network, 0).decision.by == rule::account_paused);
}

TEST_CASE("a pending attempt does not count when it is out of the window")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.begin(alice.id, new_network(), 0);
    fixture.fail(alice.id, new_network(), 61);
    CHECK(fixture.begin(alice.id, new_network(), 61).decision.by == rule::account_paused);
}

TEST_CASE("an attempt that succeeds while others are pending throttles none of them")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto login = session_of(alice, 1);
    login.attempt = fixture.begin(alice.id, known_network, 0).counted;
    fixture.begin(alice.id, known_network, 0);
    CHECK(fixture.begin(alice.id, known_network, 0).decision.by == rule::pending);
    fixture.open(login);
    CHECK(fixture.begin(alice.id, known_network, 0).decision.allows());
}
