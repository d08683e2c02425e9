#include "store/postgres/resolving.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <atomic>
#include <exception>
#include <optional>
#include <thread>

#include "porter/testing/recording_log.hpp"
#include "store/postgres/cluster.hpp"
#include "store/postgres/fake_fixture.hpp"
#include "store/postgres/opening.hpp"
#include "store/postgres/running_watch.hpp"
#include "store/postgres/sessions.hpp"
#include "store/support/samples.hpp"

using namespace porter::testing;
using porter::task;
using porter::detail::store::errc;
using postgres::outcome;
using postgres::resolved;

namespace {

std::vector<std::string> one(std::string result)
{
    std::vector<std::string> results;
    results.push_back(std::move(result));
    return results;
}

bool mentions(fake::received_segment const& segment, std::string_view part)
{
    for (auto const& each : segment) {
        if (each.body.find(part) != std::string::npos) return true;
    }
    return false;
}

/// A fake server, and a resolver with one connection to it.
struct fake_resolver {
    fake_resolver()
    {
        options = fake::options_of({&server});
        options.connections = 1;
        options.lookup_connections = 0;
        options.shortest_pause = options.longest_pause = std::chrono::milliseconds{1};
        options.patience = options.host_timeout = options.resolve_patience = std::chrono::seconds{20};
    }

    void start()
    {
        pool.emplace(options, log);
        resolver.emplace(*pool, options, log);
    }

    /// Makes a change while the server's script runs.
    template <typename Script>
    resolved change(Script const& script, std::optional<postgres::segment> undo = std::nullopt)
    {
        start();
        resolved answer;
        auto const client = [&]() -> task<void> {
            auto work = porter::testing::change();
            answer = co_await resolver->change(std::move(work), std::move(undo));
        };
        auto const both = [&]() -> task<void> { co_await (client() && script()); };
        run(io, both());
        return answer;
    }

    /// Accepts a connection, reads a segment and closes.
    task<fake::received_segment> lose_segment()
    {
        auto session = co_await server.accept();
        co_await session.open();
        auto segment = co_await session.read_segment();
        session.close();
        co_return segment;
    }

    recording_log log;
    asio::io_context io;
    fake::server server{io};
    postgres::options options{.address = postgres::address::parse("postgresql:///porter")};
    std::optional<postgres::pool> pool;
    std::optional<postgres::resolver> resolver;
};

/// A resolver on a database of its own.
struct real_resolver {
    explicit real_resolver(std::chrono::milliseconds patience = std::chrono::seconds{20})
    {
        options.connections = 2;
        options.patience = patience;
        pool.emplace(options, log);
        resolver.emplace(*pool, options, log);
    }

    outcome send(postgres::segment work) { return run(io, resolver->change(std::move(work))).reply.outcome; }
    std::string query(std::string const& sql) { return psql.run(sql); }

    postgres_fixture database;
    recording_log log;
    asio::io_context io;  // outlives the pool
    sql_session psql = database.administrator();
    postgres::options options = database.options();
    std::optional<postgres::pool> pool;
    std::optional<postgres::resolver> resolver;
};

/// Registers accounts one after the other, and counts the answers and those that were acknowledged.
task<void> register_many(postgres::sessions& sessions, int first_number, int count, std::atomic<int>& answers,
                         std::atomic<int>& done)
{
    for (int number = first_number; number < first_number + count; ++number) {
        auto owner = account_of("account " + std::to_string(number));
        auto session = session_of({}, number);
        auto const opened = co_await sessions.open_first(std::move(owner), std::move(session));
        if (opened) ++done;
        ++answers;
        answers.notify_all();
    }
}

}  // namespace

TEST_CASE("a change whose reply is lost is repeated until there is one")
{
    fake_resolver fixture;
    auto const script = [&]() -> task<void> {
        co_await fixture.lose_segment();
        co_await fixture.lose_segment();
        auto session = co_await fixture.server.accept();
        co_await session.open();
        auto segment = co_await session.read_segment();
        co_await session.answer(std::move(segment), one(fake::command()));
    };
    auto const answer = fixture.change(script);
    CHECK(answer.reply.outcome == outcome::done);
    CHECK(answer.is_repeated);
}

TEST_CASE("a change that has a reply is not repeated")
{
    fake_resolver fixture;
    auto const script = [&]() -> task<void> {
        auto session = co_await fixture.server.accept();
        co_await session.open();
        auto segment = co_await session.read_segment();
        co_await session.answer(std::move(segment), one(fake::report('E', "ERROR", "23505", "a duplicate")));
    };
    auto const answer = fixture.change(script, change("UNDO"));
    CHECK(answer.reply.outcome == outcome::refused);
    CHECK_FALSE(answer.is_repeated);
}

TEST_CASE("a change whose outcome stays unknown is unavailable and undone when the database is back")
{
    fake_resolver fixture;
    fixture.options.resolve_patience = std::chrono::milliseconds{0};
    fake::received_segment undone;
    auto const script = [&]() -> task<void> {
        co_await fixture.lose_segment();
        co_await fixture.lose_segment();
        auto session = co_await fixture.server.accept();
        co_await session.open();
        undone = co_await session.read_segment();
        auto segment = undone;
        co_await session.answer(std::move(segment), one(fake::command()));
    };
    auto const answer = fixture.change(script, change("UNDO"));
    CHECK(answer.reply.outcome == outcome::unavailable);
    CHECK(answer.is_repeated);
    CHECK(mentions(undone, "UNDO"));
}

TEST_CASE("a change that is refused when it is repeated is undone")
{
    fake_resolver fixture;
    fake::received_segment undone;
    auto const script = [&]() -> task<void> {
        co_await fixture.lose_segment();
        auto session = co_await fixture.server.accept();
        co_await session.open();
        auto segment = co_await session.read_segment();
        co_await session.answer(std::move(segment), one(fake::report('E', "ERROR", "23505", "a duplicate")));
        undone = co_await session.read_segment();
        segment = undone;
        co_await session.answer(std::move(segment), one(fake::command()));
    };
    auto const answer = fixture.change(script, change("UNDO"));
    CHECK(answer.reply.outcome == outcome::refused);
    CHECK(mentions(undone, "UNDO"));
}

TEST_CASE("a change of a task that is cancelled is repeated as well")
{
    fake_resolver fixture;
    fixture.start();
    asio::cancellation_signal cancel;
    resolved answer;
    auto const client = [&]() -> task<void> {
        auto work = change();
        answer = co_await fixture.resolver->change(std::move(work));
    };
    auto const script = [&]() -> task<void> {
        auto first = co_await fixture.server.accept();
        co_await first.open();
        co_await first.read_segment();
        cancel.emit(asio::cancellation_type::terminal);
        first.close();
        auto second = co_await fixture.server.accept();
        co_await second.open();
        auto segment = co_await second.read_segment();
        co_await second.answer(std::move(segment), one(fake::command()));
    };
    bool ended = false;
    asio::co_spawn(fixture.io, client(), asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr thrown) {
                       ended = true;
                       if (thrown) std::rethrow_exception(thrown);
                   }));
    asio::co_spawn(fixture.io, script(), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
    fixture.io.run();
    CHECK(ended);
    CHECK(answer.reply.outcome == outcome::done);
    CHECK(answer.is_repeated);
}

TEST_CASE("a store that ends says how many changes it has not undone")
{
    fake_resolver fixture;
    fixture.options.resolve_patience = std::chrono::milliseconds{0};
    auto const script = [&]() -> task<void> {
        co_await fixture.lose_segment();
        co_await fixture.lose_segment();
        fixture.server.close();
    };
    auto const answer = fixture.change(script, change("UNDO"));
    CHECK(answer.reply.outcome == outcome::unavailable);
    fixture.resolver.reset();
    fixture.pool.reset();
    CHECK(fixture.log.mentions("changes that were not undone: 1"));
}

TEST_CASE("an end of a session that is repeated after a lost reply is done")
{
    fake_resolver fixture;
    fixture.start();
    running_watch watching{unreachable()};
    postgres::sessions sessions{*fixture.resolver, watching.watch};
    auto const script = [&]() -> task<void> {
        co_await fixture.lose_segment();
        auto session = co_await fixture.server.accept();
        co_await session.open();
        for (int i = 0; i < 2; ++i) {
            auto segment = co_await session.read_segment();
            std::vector<std::string> results;
            results.push_back(fake::command("SELECT 1"));
            results.push_back(fake::row({{25, "revoked"}}));
            results.push_back(fake::command("DELETE 0"));
            co_await session.answer(std::move(segment), std::move(results));
        }
    };
    std::optional<porter::detail::store::result<void>> first;
    std::optional<porter::detail::store::result<void>> second;
    auto const client = [&]() -> task<void> {
        first = co_await sessions.end(1, 2, porter::detail::store::end_cause::revoked);
        second = co_await sessions.end(1, 2, porter::detail::store::end_cause::revoked);
    };
    auto const both = [&]() -> task<void> { co_await (client() && script()); };
    run(fixture.io, both());
    REQUIRE(first);
    CHECK(*first);
    REQUIRE(second);
    REQUIRE_FALSE(*second);
    CHECK(second->error() == errc::not_found);
}

TEST_CASE("an opening that is undone leaves no session and no account")
{
    NEEDS_POSTGRESQL();
    real_resolver fixture;
    auto const owner = account_of("ann");
    auto const first = session_of({}, 1, 5);
    for (int i = 0; i < 2; ++i) REQUIRE(fixture.send(postgres::open_first_session(owner, first)) == outcome::done);
    CHECK(fixture.query("SELECT name, last_login_at FROM accounts") == "ann|1700000005");
    for (int i = 0; i < 2; ++i) REQUIRE(fixture.send(postgres::undo_first_opening(owner, first)) == outcome::done);
    CHECK(fixture.query("SELECT count(*) FROM accounts") == "0");
    CHECK(fixture.query("SELECT account_name, cause FROM ended_sessions") == "ann|account_deleted");
    CHECK(fixture.query("SELECT count(*) FROM addresses") == "0");
}

TEST_CASE("a registration that is undone keeps an account that was accessed since")
{
    NEEDS_POSTGRESQL();
    real_resolver fixture;
    auto owner = account_of("ann");
    auto const first = session_of({}, 1, 5);
    REQUIRE(fixture.send(postgres::open_first_session(owner, first)) == outcome::done);
    auto stored = owner;
    stored.id = std::stoll(fixture.query("SELECT id FROM accounts"));
    REQUIRE(fixture.send(postgres::open_session(session_of(stored, 2, 6))) == outcome::done);
    REQUIRE(fixture.send(postgres::undo_first_opening(owner, first)) == outcome::done);
    CHECK(fixture.query("SELECT count(*) FROM accounts") == "1");
    CHECK(fixture.query("SELECT get_byte(token_digest, 0) FROM sessions") == "2");
    REQUIRE(fixture.send(postgres::undo_opening(session_of(stored, 2, 6))) == outcome::done);
    CHECK(fixture.query("SELECT count(*) FROM sessions") == "0");
    CHECK(fixture.query("SELECT count(*) FROM accounts") == "1");
    REQUIRE(fixture.send(postgres::undo_first_opening(owner, first)) == outcome::done);
    CHECK(fixture.query("SELECT count(*) FROM accounts") == "1");
}

TEST_CASE("a registration is undone after its commit and not during it")
{
    NEEDS_POSTGRESQL();
    real_resolver fixture{std::chrono::milliseconds{1'800}};
    REQUIRE(fixture.send(change("SELECT 1")) == outcome::done);
    fixture.query(
        "BEGIN; INSERT INTO accounts (name, folded_name, password_hash, last_login_at)"
        " VALUES ('ann', 'ann', 'hash of ann', 1700000005)");
    auto const owner = account_of("ann");
    auto const first = session_of({}, 1, 5);
    CHECK(fixture.send(postgres::undo_first_opening(owner, first)) == outcome::unavailable);
    fixture.query("COMMIT");
    CHECK(fixture.send(postgres::undo_first_opening(owner, first)) == outcome::done);
    CHECK(fixture.query("SELECT count(*) FROM accounts") == "0");
}

TEST_CASE("registrations are made once each while the server ends all connections again and again")
{
    NEEDS_POSTGRESQL();
    real_resolver fixture;
    running_watch watching{unreachable()};
    postgres::sessions sessions{*fixture.resolver, watching.watch};
    std::atomic<int> answers = 0;
    std::atomic<int> done = 0;
    constexpr int tasks = 4;
    constexpr int each = 25;
    for (int i = 0; i < tasks; ++i) {
        asio::co_spawn(fixture.io, register_many(sessions, i * each, each, answers, done),
                       [](std::exception_ptr thrown) {
                           if (thrown) std::rethrow_exception(thrown);
                       });
    }
    std::thread thread{[&] { fixture.io.run(); }};
    for (int round = 0; round < 10; ++round) {
        if (auto const seen = answers.load(); seen < tasks * each) answers.wait(seen);
        fixture.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'node'"
            " AND datname = current_database()");
    }
    thread.join();
    CHECK(done == tasks * each);
    CHECK(fixture.query("SELECT count(*), count(DISTINCT account_id) FROM sessions") == "100|100");
    CHECK(fixture.query("SELECT count(*) FROM accounts") == "100");
}
