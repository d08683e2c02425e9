#include "store/postgres/watch.hpp"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <thread>

#include "porter/testing/recording_log.hpp"
#include "store/postgres/fake_server.hpp"
#include "store/postgres/running_watch.hpp"
#include "store/postgres/sample_rows.hpp"
#include "support/run.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::task;
using porter::detail::store::ended_session;
using porter::detail::store::session_watch;

namespace {

/// What the callbacks report, in order: the id of a session, or the name of another callback.
class reports {
public:
    session_watch watcher()
    {
        session_watch calls;
        calls.on_sessions_ended = [this](std::span<ended_session const> ended) {
            for (auto const& each : ended) add(std::to_string(each.id));
        };
        calls.on_reports_missed = [this] { add("missed"); };
        calls.on_store_lost = [this](std::string const&) { add("lost"); };
        calls.on_partitioned = [this] { add("partitioned"); };
        calls.on_rejoined = [this] { add("rejoined"); };
        return calls;
    }

    /// Waits until this is reported as often. False: it was not within 60 seconds.
    bool wait_for(std::string const& report, std::ptrdiff_t times = 1)
    {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, 60s, [&] { return std::ranges::count(all_, report) >= times; });
    }

    std::ptrdiff_t count(std::string const& report)
    {
        std::lock_guard const lock{mutex_};
        return std::ranges::count(all_, report);
    }

    std::vector<std::string> all()
    {
        std::lock_guard const lock{mutex_};
        return all_;
    }

    void add(std::string report)
    {
        std::lock_guard const lock{mutex_};
        all_.push_back(std::move(report));
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> all_;
};

/// Parameters of the first statement, by its Bind: two names, the formats of the parameters, and their number.
std::size_t parameters_of(fake::received_segment const& segment)
{
    auto const bind = std::ranges::find(segment, 'B', &fake::received::kind);
    REQUIRE(bind != segment.end());
    auto const& body = bind->body;
    auto const number_at = [&body](std::size_t at) {
        return static_cast<std::size_t>(static_cast<unsigned char>(body.at(at)) << 8 |
                                        static_cast<unsigned char>(body.at(at + 1)));
    };
    auto const formats = body.find('\0', body.find('\0') + 1) + 1;
    return number_at(formats + 2 + 2 * number_at(formats));
}

/// Answers the next segment of a watch that was not set: that for bans after the first look, which has one statement, a
/// heartbeat, whose first statement has parameters, and which has one statement more the first time, or a look.
task<void> answer_next(fake::session& by)
{
    constexpr std::uint32_t bigint = 20;
    auto const number = fake::big_endian(0, 4) + fake::big_endian(1, 4);
    auto const segment = co_await by.read_segment();
    std::vector<std::string> results;
    if (fake::count_of(segment, 'E') == 1) {
        results.push_back(fake::command("SELECT 0"));
    } else if (parameters_of(segment) > 0) {
        results.assign(2, fake::row({{bigint, number}}));
        results.push_back(fake::command("DELETE 0"));
    } else {
        results.push_back(fake::row({{25, "10:10:"}}));
        results.push_back(fake::row({{bigint, number}}));
    }
    co_await by.answer(segment, std::move(results));
}

/// Answers the next segment with an error of the moment, after which the connection can be used.
task<void> refuse_next(fake::session& by)
{
    co_await by.read_segment();
    auto const error = fake::report('E', "ERROR", "55P03", "canceling statement due to lock timeout") + fake::ready();
    co_await by.send(error);
}

/// Of a watch that looks and commits a heartbeat in turn, without a pause, and never finds an answer late.
porter::detail::store::postgres::options hasty(std::vector<fake::server const*> const& servers)
{
    auto options = fake::options_of(servers);
    options.look_interval = 1ms;
    options.beat_interval = 0ms;
    options.watch_patience = fake::unhurried;
    return options;
}

/// A database with an account, and a watch of it that has contact.
struct watch_fixture {
    watch_fixture() { REQUIRE(running.watch.wait_for_contact(60s)); }

    std::string add() { return add_session(by, account); }

    void end_connections()
    {
        by.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'node'"
            " AND datname = current_database()");
    }

    reports reported;
    reports others;
    postgres_fixture database;
    sql_session by = database.administrator();
    std::string account = add_account(by, "ann");
    running_watch running{database.options()};
};

}  // namespace

TEST_CASE("a watch reports each session that ends after it was set")
{
    NEEDS_POSTGRESQL();
    watch_fixture fixture;
    auto const before = fixture.add();
    auto const first = fixture.add();
    auto const second = fixture.add();
    end_session(fixture.by, before);
    fixture.running.watch.set(fixture.reported.watcher());
    end_session(fixture.by, first);
    CHECK(fixture.reported.wait_for(first));
    fixture.by.run("BEGIN");
    end_session(fixture.by, second);
    fixture.by.run("COMMIT");
    CHECK(fixture.reported.wait_for(second));
    CHECK(fixture.reported.count(before) == 0);
}

TEST_CASE("a watch that was replaced or removed is not called any more")
{
    NEEDS_POSTGRESQL();
    watch_fixture fixture;
    auto const first = fixture.add();
    auto const second = fixture.add();
    fixture.running.watch.set(fixture.reported.watcher());
    fixture.running.watch.set(fixture.others.watcher());
    end_session(fixture.by, first);
    CHECK(fixture.others.wait_for(first));
    CHECK(fixture.reported.count(first) == 0);
    fixture.running.watch.set({});
    end_session(fixture.by, second);
    fixture.running.watch.set(fixture.reported.watcher());
    CHECK(fixture.others.count(second) == 0);
}

TEST_CASE("a watch reports the whole journal again after a new connection")
{
    NEEDS_POSTGRESQL();
    watch_fixture fixture;
    auto const first = fixture.add();
    auto const second = fixture.add();
    auto const third = fixture.add();
    fixture.running.watch.set(fixture.reported.watcher());
    end_session(fixture.by, first);
    CHECK(fixture.reported.wait_for(first));
    fixture.by.run("BEGIN");
    end_session(fixture.by, second);
    fixture.end_connections();
    CHECK(fixture.reported.wait_for(first, 2));
    fixture.by.run("COMMIT");
    CHECK(fixture.reported.wait_for(second));
    end_session(fixture.by, third);
    CHECK(fixture.reported.wait_for(third));
}

TEST_CASE("a server that cannot commit is partitioned until it can")
{
    NEEDS_POSTGRESQL();
    watch_fixture fixture;
    fixture.running.watch.set(fixture.reported.watcher());
    auto locker = fixture.database.administrator();
    locker.run("BEGIN; LOCK TABLE nodes");  // looks go on
    CHECK(fixture.reported.wait_for("partitioned"));
    fixture.running.watch.set(fixture.others.watcher());
    CHECK(fixture.others.wait_for("partitioned"));
    auto const session = fixture.add();
    end_session(fixture.by, session);
    locker.run("COMMIT");
    CHECK(fixture.others.wait_for("rejoined"));
    auto const all = fixture.others.all();
    CHECK(std::ranges::find(all, session) < std::ranges::find(all, "rejoined"));
    CHECK(fixture.reported.count("rejoined") == 0);
    CHECK(fixture.running.log.count("store_failed") >= 1);
}

TEST_CASE("a server that cannot read the journal is partitioned until it can")
{
    NEEDS_POSTGRESQL();
    watch_fixture fixture;
    fixture.running.watch.set(fixture.reported.watcher());
    auto locker = fixture.database.administrator();
    locker.run("BEGIN; LOCK TABLE ended_sessions");
    CHECK(fixture.reported.wait_for("partitioned"));
    locker.run("COMMIT");
    CHECK(fixture.reported.wait_for("rejoined"));
}

TEST_CASE("without a server a watch is set at once and partitioned")
{
    asio::io_context io;
    fake::server server{io};
    server.close();
    reports reported;
    running_watch running{fake::options_of({&server})};
    running.watch.set(reported.watcher());
    CHECK(reported.wait_for("partitioned"));
    CHECK_FALSE(running.watch.wait_for_contact(0ms));
}

TEST_CASE("a watch ends while the server is silent")
{
    asio::io_context io;
    fake::server server{io};  // it accepts no connection
    reports reported;
    running_watch running{fake::options_of({&server})};
    running.watch.set(reported.watcher());
    CHECK(reported.count("rejoined") == 0);
}

TEST_CASE("a server that commits no heartbeat is left for the next one")
{
    asio::io_context io;
    fake::server cut_off{io};
    fake::server other{io};
    running_watch running{fake::options_of({&cut_off, &other})};
    auto const script = [&]() -> task<void> {
        auto former = co_await cut_off.accept();
        co_await former.open();
        co_await answer_next(former);
        co_await answer_next(former);
        co_await former.read_segment();  // the heartbeat, which waits for a standby
        auto next = co_await other.accept();
        co_await next.open();
    };
    run(io, script());
    CHECK(running.log.count("store_failed") >= 1);
}

TEST_CASE("a server that answers slowly is not left")
{
    asio::io_context io;
    fake::server slow{io};
    fake::server other{io};
    running_watch running{hasty({&slow, &other})};
    auto const script = [&]() -> task<void> {
        auto const executor = co_await asio::this_coro::executor;
        auto session = co_await slow.accept();
        co_await session.open();
        for (int i = 0; i < 6; ++i) {
            porter::detail::base::steady_timer many_intervals{executor, 50ms};
            co_await many_intervals.async_wait(porter::use_task);
            co_await answer_next(session);
        }
        co_await session.read_segment();  // the connection goes on
        CHECK_FALSE(slow.is_connected_to());
        CHECK_FALSE(other.is_connected_to());
    };
    run(io, script());
    CHECK(running.watch.wait_for_contact(0ms));
}

TEST_CASE("a server is not left for one error and is left for many in a row")
{
    asio::io_context io;
    fake::server first{io};
    fake::server other{io};
    running_watch running{hasty({&first, &other})};
    auto const script = [&]() -> task<void> {
        auto session = co_await first.accept();
        co_await session.open();
        for (int i = 0; i < 3; ++i) co_await answer_next(session);  // a look, the bans and a heartbeat
        for (int i = 0; i < 10; ++i) {
            co_await refuse_next(session);
            co_await answer_next(session);
            co_await answer_next(session);
        }
        for (int i = 0; i < 9; ++i) co_await refuse_next(session);  // the last one is the fifth of a look
        co_await session.wait_for_end();
        auto next = co_await other.accept();
        co_await next.open();
    };
    run(io, script());
    CHECK(running.log.count("store_failed") >= 1);
}

TEST_CASE("a watch says which primary has committed its heartbeat")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    reports reported;
    running_watch running{database.options(),
                          {{},
                           [&](std::optional<porter::detail::store::postgres::primary> const& proved) {
                               reported.add(proved ? "proved " + proved->start : "none");
                           },
                           {}}};
    REQUIRE(running.watch.wait_for_contact(60s));
    auto by = database.administrator();
    by.run("SET TimeZone = 'UTC'");
    auto const proved = "proved " + by.run("SELECT pg_postmaster_start_time()");
    CHECK(reported.all() == std::vector<std::string>{"none", proved});
    by.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'node'"
        " AND datname = current_database()");
    CHECK(reported.wait_for("none", 2));
    CHECK(reported.wait_for(proved, 2));
}

TEST_CASE("a schema for newer programs is reported once as the loss of the store")
{
    NEEDS_POSTGRESQL();
    watch_fixture fixture;
    fixture.running.watch.set(fixture.reported.watcher());
    CHECK_FALSE(fixture.running.watch.is_store_lost());
    fixture.by.run("INSERT INTO schema_migrations (version, name, works_with) VALUES (99, 'next', 99)");
    CHECK(fixture.reported.wait_for("lost"));
    CHECK(fixture.running.watch.is_store_lost());
    auto const session = fixture.add();
    fixture.end_connections();
    end_session(fixture.by, session);
    CHECK(fixture.reported.wait_for(session));
    CHECK(fixture.reported.count("lost") == 1);
}

TEST_CASE("a watch has the clock of the database once it has contact")
{
    NEEDS_POSTGRESQL();
    watch_fixture fixture;
    auto const database = std::stoll(fixture.by.run("SELECT unix_time()"));
    CHECK(fixture.running.watch.clock().now().time_since_epoch().count() >= database - 1);
}
