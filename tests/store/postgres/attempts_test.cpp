// Attempts that several servers begin, end and abandon at once.
#include "store/postgres/attempts.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "store/postgres/attempts_fixture.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::task;
namespace store = porter::detail::store;
using rule = store::decision::rule;

namespace {

constexpr int servers_at_once = 3;
constexpr int attempts_of_each = 20;

/// Rules that deny nothing in these tests.
constexpr store::throttle_rules any_number = [] {
    auto rules = few_attempts;
    rules.free_failures = rules.locked_after = rules.failures_per_network = 1'000'000;
    return rules;
}();

std::string network_of(int number)
{
    return "198.51." + std::to_string(number / 250) + "." + std::to_string(number % 250);
}

/// Of the threads of several servers, where CHECK may not be used.
struct counts {
    std::atomic<int> done = 0;
    std::atomic<int> unavailable = 0;
};

task<void> count_allowed(store::attempts& port, store::secret_attempt attempt, counts& allowed)
{
    auto const result = co_await port.begin(std::move(attempt), few_attempts);
    if (!result) ++allowed.unavailable;
    if (result && result->decision.allows()) ++allowed.done;
}

/// Completes an operation on each server at once.
void run_on_all(std::vector<std::unique_ptr<attempts_server>> const& servers,
                std::function<task<store::result<void>>(attempts_server&)> const& operation)
{
    counts counted;
    auto const work = [&](attempts_server& server) -> task<void> {
        auto const done = co_await operation(server);
        ++(done ? counted.done : counted.unavailable);
    };
    on_threads(servers, [&](attempts_server& server) {
        server.start(work(server));
        server.run_all();
    });
    CHECK(counted.done == static_cast<int>(servers.size()));
}

/// How many of the attempts that `make` returns for 0, 1, ... are allowed when three servers begin them at once.
int count_allowed(postgres_fixture const& database, std::function<store::secret_attempt(int)> const& make)
{
    counts allowed;
    std::atomic<int> number = 0;
    auto const servers = make_servers(database, servers_at_once);
    on_threads(servers, [&](attempts_server& server) {
        for (int i = 0; i < attempts_of_each; ++i) server.start(count_allowed(server.port(), make(number++), allowed));
        server.run_all();
    });
    CHECK(allowed.unavailable == 0);
    return allowed.done;
}

task<void> keep_result(store::attempts& port, store::secret_attempt attempt, std::optional<store::attempt_result>& kept)
{
    auto const result = co_await port.begin(std::move(attempt), few_attempts);
    if (result) kept = *result;
}

/// The rows of each table of attempts, as numbers.
std::string row_counts(postgres_fixture const& database)
{
    return database.administrator().run(
        "SELECT (SELECT count(*) FROM attempts), (SELECT count(*) FROM failure_counters),"
        " (SELECT count(*) FROM unknown_failure_counters), (SELECT count(*) FROM registrations)");
}

}  // namespace

TEST_CASE("several servers let in what the rules allow an account")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    auto const account = add_account(database, "alice");
    CHECK(count_allowed(database, [&](int i) { return attempt_at(account, network_of(i), 0); }) == 2);
    CHECK(database.administrator().run("SELECT failed_since FROM accounts") == "2");
}

TEST_CASE("several servers let in what the rules allow an unknown name")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    CHECK(count_allowed(database, [](int i) { return attempt_at(name_digest(1), network_of(i), 0); }) == 2);
}

TEST_CASE("several servers let in what the rules allow a network")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    CHECK(count_allowed(database, [](int i) { return attempt_at(name_digest(i), network_of(0), 0); }) == 3);
}

TEST_CASE("several servers let in what the rules allow a site to register")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    auto const make = [](int i) {
        auto attempt = attempt_at(std::nullopt, "2001:db8:1:" + std::to_string(i + 1) + "::/64", 0);
        attempt.max_registrations = 2;
        return attempt;
    };
    CHECK(count_allowed(database, make) == 16);
    CHECK(row_counts(database) == "16|0|0|16");
}

TEST_CASE("an attempt that several servers begin at once is counted once")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    auto const attempt = attempt_at(add_account(database, "alice"), network_of(0), 0);
    auto const servers = make_servers(database, 2);
    std::array<std::optional<store::attempt_result>, 2> results;
    std::atomic<std::size_t> next = 0;
    on_threads(servers, [&](attempts_server& server) {
        server.start(keep_result(server.port(), attempt, results.at(next++)));
        server.run_all();
    });
    for (auto const& each : results) {
        REQUIRE(each);
        CHECK(each->decision.allows());
        CHECK(each->counted.id == attempt.id);
        CHECK(each->counted.account == attempt.account);
        CHECK(each->counted.last_before == porter::instant{});
    }
    CHECK(database.administrator().run("SELECT failed FROM failure_counters") == "1");
}

TEST_CASE("attempts whose connections are lost are counted once")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    std::atomic<int> allowed = 0;
    std::atomic<bool> ended = false;
    attempts_server server{database, 8};
    std::thread terminating{[&] {
        auto administrator = database.administrator();
        for (int i = 0; i < 20 && !ended; ++i) {
            administrator.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'node'"
                " AND datname = current_database() AND random() < 0.3");
            administrator.run("SELECT pg_sleep(0.01)");
        }
    }};
    auto const begin_one = [&](int i) -> task<void> {
        auto attempt = attempt_at(name_digest(i % 250), network_of(i), 0);
        attempt.unknown_name->back() = static_cast<std::byte>(i / 250);
        auto const result = co_await server.port().begin(attempt, any_number);
        if (result && result->decision.allows()) ++allowed;
    };
    for (int i = 0; i < 500; ++i) server.start(begin_one(i));
    server.run_all();
    ended = true;
    terminating.join();
    CHECK(allowed > 0);
    auto administrator = database.administrator();
    // Of an attempt that is unavailable after three lost connections it is not known whether it was counted.
    CHECK(std::stoi(administrator.run("SELECT count(*) FROM attempts")) >= allowed);
    CHECK(administrator.run("SELECT max(failed) FROM unknown_failure_counters") == "1");
}

TEST_CASE("attempts of a server that stopped are rolled back once by the others")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    auto const account = add_account(database, "alice");
    auto const servers = make_servers(database, servers_at_once);
    auto& server = *servers.front();
    server.fail(server.begin(attempt_at(account, network_of(0), 0), any_number).counted);
    server.fail(server.begin(attempt_at(name_digest(1), network_of(0), 0), any_number).counted);
    for (int i = 1; i < 600; ++i) {
        auto attempt = attempt_at(account, network_of(i), i);
        if (i % 3 == 1) attempt = attempt_at(name_digest(1 + i % 2), network_of(i), i);
        if (i % 3 == 2) attempt = attempt_at(std::nullopt, network_of(i), i);
        if (i % 3 == 2) attempt.max_registrations = 1;
        server.begin(attempt, any_number);
    }
    run_on_all(servers, [](attempts_server& each) { return rollback_abandoned(each.pool(), 0s); });
    CHECK(row_counts(database) == "2|1|1|0");
    auto administrator = database.administrator();
    auto const first = std::to_string(at(0).time_since_epoch().count());
    CHECK(administrator.run("SELECT failed_since, last_failed_at FROM accounts") == "1|" + first);
    CHECK(administrator.run("SELECT failed, last_ms FROM failure_counters") == "1|" + first + "000");
    CHECK(administrator.run("SELECT failed, last_ms FROM unknown_failure_counters") == "1|" + first + "000");
}

TEST_CASE("an attempt is abandoned after a minute by the clock of the database")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    attempts_server server{database};
    auto const late = server.begin(attempt_at(name_digest(1), network_of(0), 0)).counted;
    auto const pending = server.begin(attempt_at(name_digest(2), network_of(0), 0)).counted;
    database.administrator().run("UPDATE attempts SET begun_ms = begun_ms - 60000 WHERE id = " +
                                 std::to_string(late.id));
    CHECK(server.run(postgres::rollback_abandoned(server.pool())));
    CHECK(row_counts(database) == "1|0|1|0");
    // The client must not learn of a guess that is not counted.
    CHECK_FALSE(server.run(server.port().fail(late)));
    server.fail(pending);
    server.fail(pending);
    CHECK(row_counts(database) == "1|0|1|0");
}

TEST_CASE("abandoned attempts are rolled back in the background")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    attempts_server stopped{database};
    for (int i = 0; i < 10; ++i) stopped.begin(attempt_at(name_digest(i), network_of(i), 0));
    attempts_server server{database};
    postgres::start_attempts_upkeep(server.pool(), server.log(), 0s, 1ms);
    auto administrator = database.administrator();
    while (row_counts(database) != "0|0|0|0") administrator.run("SELECT pg_sleep(0.01)");
}

TEST_CASE("a rollback of several attempts restores what the first of them found")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    auto const account = add_account(database, "alice");
    attempts_server server{database};
    server.fail(server.begin(attempt_at(account, network_of(0), 0), any_number).counted);
    std::vector<store::counted_attempt> pending;
    for (int i = 1; i < 5; ++i) {
        pending.push_back(server.begin(attempt_at(account, network_of(i), i), any_number).counted);
        pending.push_back(server.begin(attempt_at(name_digest(i % 2), network_of(i), i), any_number).counted);
    }
    server.rollback(pending);
    server.rollback(pending);
    server.rollback({});
    CHECK(row_counts(database) == "1|1|0|0");
    auto administrator = database.administrator();
    auto const first = std::to_string(at(0).time_since_epoch().count());
    CHECK(administrator.run("SELECT failed_since, last_failed_at FROM accounts") == "1|" + first);
    CHECK(administrator.run("SELECT failed, last_ms FROM failure_counters") == "1|" + first + "000");
}

TEST_CASE("what no decision depends on is pruned")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    attempts_server server{database};
    for (int i = 0; i < 5; ++i) {
        auto const counted = server.begin(attempt_at(name_digest(i), network_of(i), i)).counted;
        if (i > 0) server.fail(counted);
    }
    auto registration = attempt_at(std::nullopt, network_of(0), 4);
    registration.max_registrations = 1;
    server.begin(registration);
    CHECK(row_counts(database) == "6|0|5|1");
    // The oldest name has a pending attempt.
    CHECK(server.run(limit_unknown_names(server.pool(), 2)));
    CHECK(row_counts(database) == "6|0|3|1");
    CHECK(server.run(prune_attempts(server.resolver(), at(3603))));
    CHECK(row_counts(database) == "3|0|3|1");
    CHECK(server.run(prune_attempts(server.resolver(), at(3604))));
    CHECK(row_counts(database) == "2|0|3|0");
}

TEST_CASE("more rows than a segment deletes at once are pruned")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    database.administrator().run(
        "INSERT INTO attempts (id, network, at_ms, is_pending) SELECT n, 'n', n, false FROM generate_series(1, 1200) n;"
        "INSERT INTO unknown_failure_counters SELECT sha256(n::text::bytea), 1, n FROM generate_series(1, 1200) n");
    auto const servers = make_servers(database, servers_at_once);
    run_on_all(servers, [](attempts_server& each) { return prune_attempts(each.resolver(), at(0)); });
    run_on_all(servers, [](attempts_server& each) { return limit_unknown_names(each.pool(), 100); });
    CHECK(row_counts(database) == "0|0|100|0");
}
