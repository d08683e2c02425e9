// The limit of registrations of a network (promise N15).
#include <asio/co_spawn.hpp>
#include <exception>

#include "store/conformance/store_fixture.hpp"
#include "store/limits.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
namespace store = porter::detail::store;
using rule = store::decision::rule;

namespace {

std::string const classroom = "192.0.2.1";
constexpr std::uint32_t limit = 2;
constexpr int hour = 3600;

// More attempts than any test makes, so that only registrations are limited.
constexpr store::throttle_rules many_attempts = [] {
    auto rules = few_attempts;
    rules.failures_per_network = 1000;
    return rules;
}();

store::secret_attempt registration_from(std::string network, int seconds, std::uint32_t most = limit)
{
    auto attempt = attempt_at(std::nullopt, std::move(network), seconds);
    attempt.max_registrations = most;
    return attempt;
}

struct registrar {
    store_fixture backend{GENERATE(from_range(backends()))};
    int accounts = 0;

    store::attempt_result begin(std::string network, int seconds, std::uint32_t most = limit)
    {
        auto result =
            backend.run(backend.attempts().begin(registration_from(std::move(network), seconds, most), many_attempts));
        REQUIRE(result);
        return *result;
    }

    /// Registers an account if that is allowed.
    store::decision make(std::string const& network, int seconds, std::uint32_t most = limit)
    {
        auto const result = begin(network, seconds, most);
        if (!result.decision.allows()) return result.decision;
        auto const number = ++accounts;
        auto first = session_of({}, number, seconds);
        first.attempt = result.counted;
        CHECK(backend.run(backend.sessions().open_first(account_of("account " + std::to_string(number)), first)));
        return result.decision;
    }
};

porter::task<void> begin_one(store::attempts& attempts, int& allowed)
{
    auto const result = co_await attempts.begin(registration_from(classroom, 0), many_attempts);
    if (result && result->decision.allows()) ++allowed;
}

}  // namespace

TEST_CASE("a network registers no more accounts within an hour than the limit")
{
    registrar fixture;
    CHECK(fixture.make(classroom, 0).allows());
    CHECK(fixture.make(classroom, 60).allows());
    auto const denied = fixture.make(classroom, 100);
    CHECK(denied.by == rule::registrations_used_up);
    CHECK(denied.retry_after == 3500s);
    CHECK(fixture.make("192.0.2.2", 100).allows());
    CHECK(fixture.make(classroom, hour - 1).retry_after == 1s);
    CHECK(fixture.make(classroom, hour).allows());
    CHECK(fixture.make(classroom, hour).retry_after == 60s);
}

TEST_CASE("without a limit a network registers any number of accounts")
{
    registrar fixture;
    for (int i = 0; i < 10; ++i) CHECK(fixture.make(classroom, 0, 0).allows());
}

TEST_CASE("concurrent registrations do not exceed the limit")
{
    registrar fixture;
    int allowed = 0;
    fixture.backend.io().restart();
    for (int i = 0; i < 20; ++i) {
        asio::co_spawn(fixture.backend.io(), begin_one(fixture.backend.attempts(), allowed),
                       [](std::exception_ptr error) {
                           if (error) std::rethrow_exception(error);
                       });
    }
    fixture.backend.io().run();
    CHECK(allowed == 2);
}

TEST_CASE("a registration that only a pending one denies is pending and not throttled")
{
    registrar fixture;
    CHECK(fixture.make(classroom, 0).allows());
    auto const pending = fixture.begin(classroom, 0);
    CHECK(pending.decision.allows());
    CHECK(fixture.begin(classroom, 0).decision.by == rule::pending);
    fixture.backend.rollback(pending.counted);
    CHECK(fixture.make(classroom, 0).allows());
    CHECK(fixture.begin(classroom, 0).decision.by == rule::registrations_used_up);
}

TEST_CASE("a failed registration does not count")
{
    registrar fixture;
    for (int i = 0; i < 5; ++i) {
        auto const attempt = fixture.begin(classroom, 0);
        CHECK(attempt.decision.allows());
        CHECK(fixture.backend.run(fixture.backend.attempts().fail(attempt.counted)));
    }
}

TEST_CASE("a network that used up its registrations may log in")
{
    registrar fixture;
    CHECK(fixture.make(classroom, 0).allows());
    CHECK(fixture.make(classroom, 0).allows());
    CHECK(fixture.backend.begin(std::nullopt, classroom, 0).decision.allows());
}

TEST_CASE("an IPv6 /48 may register eight times as many accounts as a /64")
{
    registrar fixture;
    int made = 0;
    for (int network = 0; network < 20; ++network) {
        if (fixture.make("2001:db8:1:" + std::to_string(network) + "::/64", 0).allows()) ++made;
        if (fixture.make("2001:db8:1:" + std::to_string(network) + "::/64", 0).allows()) ++made;
        CHECK_FALSE(fixture.make("2001:db8:1:" + std::to_string(network) + "::/64", 0).allows());
    }
    CHECK(made == 16);
    CHECK(fixture.make("2001:db8:2:1::/64", 0).allows());
    CHECK(fixture.make("2001:db8:1:99::/64", hour).allows());
}

TEST_CASE("registrations in the future do not count after the clock was set back")
{
    registrar fixture;
    CHECK(fixture.make(classroom, 10 * hour).allows());
    CHECK(fixture.make(classroom, 10 * hour).allows());
    CHECK(fixture.make(classroom, 0).allows());
}
