// How failed attempts slow down further ones (promise P2); tests/auth has the numbers of porterd.
#include <asio/co_spawn.hpp>
#include <exception>

#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::detail::store::decision;
using rule = decision::rule;

namespace {

std::string const home = "192.0.2.1";

/// A new unknown network each time.
std::string elsewhere()
{
    static int number = 0;
    return "198.51.100." + std::to_string(++number);
}

porter::task<void> count_allowed(porter::detail::store::attempts& tries, porter::detail::store::account_id account,
                                 int& allowed)
{
    auto const judged = co_await tries.begin(attempt_at(account, elsewhere(), 0), few_attempts);
    if (judged && judged->decision.allows()) ++allowed;
}

}  // namespace

TEST_CASE("attempts are counted until one succeeds")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.fail(alice.id, elsewhere(), 0);
    auto login = session_of(alice, 1);
    login.attempt = here.fail(alice.id, elsewhere(), 0).counted;
    CHECK(here.account(alice.id).failed_since == 2);
    CHECK(here.fail(alice.id, elsewhere(), 0).decision.by == rule::account_paused);
    auto const opened = here.run(here.sessions().open(login));
    REQUIRE(opened);
    CHECK(opened->before.failed_since == 1);
    CHECK(here.account(alice.id).failed_since == 0);
    CHECK(here.fail(alice.id, elsewhere(), 0).decision.allows());
    CHECK(here.fail(alice.id, elsewhere(), 0).decision.allows());
    CHECK_FALSE(here.fail(alice.id, elsewhere(), 0).decision.allows());
}

TEST_CASE("each failure in a row brings a longer pause and the last one a lock")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.fail(alice.id, elsewhere(), 0);
    int now = 0;
    for (auto const pause : {1, 3, 5, 10}) {
        CHECK(here.fail(alice.id, elsewhere(), now).decision.allows());
        auto const denied = here.fail(alice.id, elsewhere(), now).decision;
        CHECK(denied.by == rule::account_paused);
        CHECK(denied.retry_after == std::chrono::seconds{pause});
        now += pause;
        CHECK(here.fail(alice.id, elsewhere(), now - 1).decision.retry_after == 1s);
    }
    CHECK(here.fail(alice.id, elsewhere(), now).decision.allows());
    auto const locked = here.fail(alice.id, elsewhere(), now + 1'000'000).decision;
    CHECK(locked.by == rule::account_locked);
    CHECK(locked.retry_after == 0s);
    CHECK(here.account(alice.id).failed_since == 6);
}

TEST_CASE("concurrent attempts gain nothing")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    int allowed = 0;
    here.io().restart();
    for (int i = 0; i < 20; ++i) {
        asio::co_spawn(here.io(), count_allowed(here.attempts(), alice.id, allowed), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
    }
    here.io().run();
    CHECK(allowed == 2);
}

TEST_CASE("a network from which the account was accessed has its own failure counter")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.open(session_of(alice, 1));
    for (int i = 0; i < 200; i += 20) here.fail(alice.id, elsewhere(), i);
    CHECK(here.fail(alice.id, elsewhere(), 1000).decision.by == rule::account_locked);

    CHECK(here.fail(alice.id, home, 1000).decision.allows());
    auto login = session_of(alice, 2);
    login.attempt = here.fail(alice.id, home, 1000).counted;
    CHECK(here.fail(alice.id, home, 1000).decision.by == rule::account_paused);
    here.open(login);
    CHECK(here.fail(alice.id, home, 1000).decision.allows());
    CHECK(here.fail(alice.id, elsewhere(), 1000).decision.by == rule::account_locked);
}

TEST_CASE("a network that is known to one account is unknown to another")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const bob = here.add("bob");
    here.open(session_of(bob, 1));
    here.fail(alice.id, elsewhere(), 0);
    here.fail(alice.id, elsewhere(), 0);
    CHECK_FALSE(here.fail(alice.id, home, 0).decision.allows());
}

TEST_CASE("the network that resumes a session becomes known")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const id = here.open(session_of(alice, 1));
    porter::detail::store::session_activity use;
    use.id = id;
    use.at = at(1);
    use.address = "203.0.113.5";
    use.network = "203.0.113.5";
    std::vector<porter::detail::store::session_activity> const uses{use};
    CHECK(here.run(here.sessions().touch(uses)));
    here.fail(alice.id, elsewhere(), 2);
    here.fail(alice.id, elsewhere(), 2);
    CHECK_FALSE(here.fail(alice.id, elsewhere(), 2).decision.allows());
    CHECK(here.fail(alice.id, "203.0.113.5", 2).decision.allows());
}

TEST_CASE("the network of an address that is recorded with an account becomes known")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    CHECK(here.run(here.addresses().record("203.0.113.5", "203.0.113.5", "alice", alice.id, at(1))));
    here.begin(alice.id, elsewhere(), 2);
    here.begin(alice.id, elsewhere(), 2);
    CHECK_FALSE(here.begin(alice.id, elsewhere(), 2).decision.allows());
    CHECK(here.begin(alice.id, "203.0.113.5", 2).decision.allows());
}

TEST_CASE("a network is throttled after too many failures within its window")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.fail(alice.id, home, 0);
    here.fail(std::nullopt, home, 10);
    here.fail(std::nullopt, home, 20);
    auto const denied = here.fail(std::nullopt, home, 20).decision;
    CHECK(denied.by == rule::network_throttled);
    CHECK(denied.retry_after == 40s);
    CHECK(here.fail(alice.id, home, 59).decision.retry_after == 1s);
    CHECK(here.fail(std::nullopt, elsewhere(), 59).decision.allows());
    CHECK(here.fail(std::nullopt, home, 60).decision.allows());
    CHECK(here.fail(std::nullopt, home, 61).decision.retry_after == 9s);
    CHECK(here.account(alice.id).failed_since == 1);
}

TEST_CASE("the longer of two waits is reported")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.fail(alice.id, home, 0);
    here.fail(alice.id, home, 0);
    CHECK(here.fail(alice.id, home, 0).decision.by == rule::account_paused);
    here.fail(std::nullopt, home, 0);
    auto const denied = here.fail(alice.id, home, 0).decision;
    CHECK(denied.by == rule::network_throttled);
    CHECK(denied.retry_after == 60s);
}

TEST_CASE("an attempt that is rolled back does not count")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.rollback(here.fail(alice.id, home, 0).counted);
    here.rollback(here.fail(std::nullopt, home, 0).counted);
    CHECK(here.account(alice.id).failed_since == 0);
    here.fail(alice.id, home, 0);
    here.fail(alice.id, home, 0);
    // The pause is again that of the failure before.
    here.rollback(here.fail(alice.id, home, 5).counted);
    CHECK(here.account(alice.id).failed_since == 2);
    CHECK(here.fail(alice.id, home, 5).decision.allows());
    CHECK(here.fail(alice.id, home, 5).decision.by == rule::network_throttled);
}

TEST_CASE("an attempt at an unknown name is decided by its fallback counter")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto asked = attempt_at(std::nullopt, home, 0);
    asked.fallback = {2, at(0)};
    auto const denied = here.run(here.attempts().begin(asked, few_attempts));
    REQUIRE(denied);
    CHECK(denied->decision.by == rule::account_paused);
    asked.at = at(1);
    auto const allowed = here.run(here.attempts().begin(asked, few_attempts));
    REQUIRE(allowed);
    CHECK(allowed->decision.allows());
    CHECK(allowed->counted.last_before == at(0));
}

TEST_CASE("an attempt at a deleted account counts for its network alone")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const gone = here.fail(77, home, 0);
    CHECK(gone.decision.allows());
    CHECK_FALSE(gone.counted.account);
    here.fail(77, home, 0);
    here.fail(77, home, 0);
    CHECK(here.fail(77, home, 0).decision.by == rule::network_throttled);
}

TEST_CASE("failures in the future do not throttle after the clock was set back")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    for (int i = 0; i < 3; ++i) here.fail(alice.id, home, 1'000'000 + 10 * i);
    CHECK_FALSE(here.fail(alice.id, home, 1'000'021).decision.allows());
    CHECK(here.fail(alice.id, home, 0).decision.allows());
    // Set back by a moment, the failures count.
    for (int i = 0; i < 3; ++i) here.fail(std::nullopt, "203.0.113.7", 100);
    CHECK(here.fail(std::nullopt, "203.0.113.7", 95).decision.retry_after == 60s);
    auto const bob = here.add("bob");
    here.fail(bob.id, elsewhere(), 2);
    here.fail(bob.id, elsewhere(), 2);
    CHECK(here.fail(bob.id, elsewhere(), 2).decision.retry_after == 1s);
}

TEST_CASE("an attempt that only pending ones deny is pending and not throttled")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const first = here.begin(alice.id, elsewhere(), 0).counted;
    auto const second = here.begin(alice.id, elsewhere(), 0).counted;
    auto const denied = here.begin(alice.id, elsewhere(), 0).decision;
    CHECK(denied.by == rule::pending);
    CHECK(denied.retry_after == 1s);
    CHECK(here.run(here.attempts().fail(first)));
    CHECK(here.begin(alice.id, elsewhere(), 0).decision.by == rule::pending);
    CHECK(here.run(here.attempts().fail(second)));
    CHECK(here.begin(alice.id, elsewhere(), 0).decision.by == rule::account_paused);

    here.fail(std::nullopt, home, 0);
    here.fail(std::nullopt, home, 0);
    auto const third = here.begin(std::nullopt, home, 0).counted;
    CHECK(here.begin(std::nullopt, home, 0).decision.by == rule::pending);
    CHECK(here.begin(std::nullopt, elsewhere(), 0).decision.allows());
    CHECK(here.run(here.attempts().fail(third)));
    CHECK(here.begin(std::nullopt, home, 0).decision.by == rule::network_throttled);
}

TEST_CASE("a pending attempt does not affect another known network")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto at_work = session_of(alice, 2);
    at_work.network = "203.0.113.5";
    here.open(session_of(alice, 1));
    here.open(at_work);
    here.begin(alice.id, home, 0);
    here.fail(alice.id, at_work.network, 0);
    here.fail(alice.id, at_work.network, 0);
    CHECK(here.begin(alice.id, at_work.network, 0).decision.by == rule::account_paused);
}

TEST_CASE("a pending attempt does not count when it is out of the window")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.begin(alice.id, elsewhere(), 0);
    here.fail(alice.id, elsewhere(), 61);
    CHECK(here.begin(alice.id, elsewhere(), 61).decision.by == rule::account_paused);
}

TEST_CASE("an attempt that succeeds while others are pending throttles none of them")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto login = session_of(alice, 1);
    login.attempt = here.begin(alice.id, home, 0).counted;
    here.begin(alice.id, home, 0);
    CHECK(here.begin(alice.id, home, 0).decision.by == rule::pending);
    here.open(login);
    CHECK(here.begin(alice.id, home, 0).decision.allows());
}
