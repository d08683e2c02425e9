#include "store/postgres/pool.hpp"

#include <asio/co_spawn.hpp>
#include <atomic>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include "porter/testing/recording_log.hpp"
#include "store/postgres/cluster.hpp"
#include "store/postgres/fake_fixture.hpp"

using namespace porter::testing;
using porter::task;
using postgres::outcome;
using lane = postgres::pool::lane;

namespace {

std::vector<std::string> one(std::string result)
{
    std::vector<std::string> results;
    results.push_back(std::move(result));
    return results;
}

/// A fake server, and a pool with one connection to it.
struct fake_pool {
    explicit fake_pool(lane by)
    {
        options = fake::options_of({&server});
        options.connections = by == lane::changes ? 1 : 0;
        options.lookup_connections = by == lane::lookups ? 1 : 0;
        options.shortest_pause = options.longest_pause = std::chrono::milliseconds{1};
    }

    void start() { pool.emplace(options, log); }

    /// Waits until each connection has been started, or waits for others.
    void wait_until_all_began()
    {
        std::promise<void> began;
        auto const note = [](std::promise<void>& to) -> task<void> {
            to.set_value();
            co_return;
        };
        pool->run_background(note(began), [] {});
        began.get_future().wait();
    }

    /// Calls pool::set_primary() on its thread, and waits until that has returned.
    void set_primary(std::optional<postgres::primary> proved)
    {
        std::promise<void> done;
        asio::post(pool->executor(), [&] {
            pool->set_primary(std::move(proved));
            done.set_value();
        });
        done.get_future().wait();
    }

    /// Submits a segment by each lane's only connection while the server's script runs.
    template <typename Script>
    postgres::reply submit(lane by, postgres::segment work, Script const& script)
    {
        if (!pool) start();
        postgres::reply answer;
        auto const client = [&]() -> task<void> { answer = co_await pool->submit(by, std::move(work)); };
        auto const both = [&]() -> task<void> { co_await (client() && script()); };
        run(io, both());
        return answer;
    }

    recording_log log;
    asio::io_context io;
    fake::server server{io};
    postgres::options options{.address = postgres::address::parse("postgresql:///porter")};
    std::optional<postgres::pool> pool;
};

/// Inserts an account with a name of its own.
postgres::segment insert_account(std::string const& name)
{
    postgres::segment work{postgres::segment::effect::writes};
    work.add("INSERT INTO accounts (name, folded_name, password_hash) VALUES ($1, $1, '-')", name);
    return work;
}

task<void> submit_many(postgres::pool& pool, std::string prefix, int count, std::atomic<int>& done)
{
    auto const thread = std::this_thread::get_id();
    for (int i = 0; i < count; ++i) {
        auto const answer = co_await pool.submit(lane::changes, insert_account(prefix + std::to_string(i)));
        if (answer.outcome == outcome::done && std::this_thread::get_id() == thread) ++done;
    }
}

}  // namespace

TEST_CASE("a look-up whose connection is lost is sent again")
{
    fake_pool fixture{lane::lookups};
    auto const script = [&]() -> task<void> {
        auto first = co_await fixture.server.accept();
        co_await first.open();
        co_await first.read_segment();
        first.close();
        auto second = co_await fixture.server.accept();
        co_await second.open();
        auto const segment = co_await second.read_segment();
        co_await second.answer(segment, one(fake::command("SELECT 0")));
    };
    CHECK(fixture.submit(lane::lookups, look_up(), script).outcome == outcome::done);
}

TEST_CASE("a look-up whose connection is lost each time becomes unavailable")
{
    fake_pool fixture{lane::lookups};
    auto const script = [&]() -> task<void> {
        for (int i = 0; i < 5; ++i) {
            auto session = co_await fixture.server.accept();
            co_await session.open();
            co_await session.read_segment();
            session.close();
        }
    };
    CHECK(fixture.submit(lane::lookups, look_up(), script).outcome == outcome::unavailable);
}

TEST_CASE("a change whose connection is lost is not sent again")
{
    fake_pool fixture{lane::changes};
    int segments = 0;
    auto const script = [&]() -> task<void> {
        auto first = co_await fixture.server.accept();
        co_await first.open();
        co_await first.read_segment();
        ++segments;
        first.close();
    };
    auto const answer = fixture.submit(lane::changes, change(), script);
    CHECK(answer.outcome == outcome::unknown);
    CHECK(segments == 1);
    CHECK(fixture.log.count("store_failed") >= 1);
}

TEST_CASE("a change that met a deadlock is sent again")
{
    fake_pool fixture{lane::changes};
    auto const script = [&]() -> task<void> {
        auto session = co_await fixture.server.accept();
        co_await session.open();
        auto segment = co_await session.read_segment();
        co_await session.answer(segment, one(fake::report('E', "ERROR", "40P01", "deadlock detected")));
        segment = co_await session.read_segment();
        co_await session.answer(segment, one(fake::command()));
    };
    CHECK(fixture.submit(lane::changes, change(), script).outcome == outcome::done);
}

TEST_CASE("a change that meets a deadlock each time becomes unavailable")
{
    fake_pool fixture{lane::changes};
    auto const script = [&]() -> task<void> {
        auto session = co_await fixture.server.accept();
        co_await session.open();
        for (int i = 0; i < 5; ++i) {
            auto const segment = co_await session.read_segment();
            co_await session.answer(segment, one(fake::report('E', "ERROR", "40P01", "deadlock detected")));
        }
    };
    auto const answer = fixture.submit(lane::changes, change(), script);
    CHECK(answer.outcome == outcome::unavailable);
    CHECK(answer.error.code == "40P01");
}

TEST_CASE("a change that a former primary refuses is sent to the new one")
{
    fake_pool fixture{lane::changes};
    fake::server other{fixture.io};
    auto const address = fake::options_of({&fixture.server, &other}).address;
    fixture.options.address = address;
    auto const script = [&]() -> task<void> {
        auto first = co_await fixture.server.accept();
        co_await first.open();
        auto segment = co_await first.read_segment();
        co_await first.answer(segment, one(fake::report('E', "ERROR", "25006", "read-only transaction")));
        auto again = co_await fixture.server.accept();
        co_await again.open(true);
        auto second = co_await other.accept();
        co_await second.open();
        segment = co_await second.read_segment();
        co_await second.answer(segment, one(fake::command()));
    };
    CHECK(fixture.submit(lane::changes, change(), script).outcome == outcome::done);
}

TEST_CASE("without a server a segment is unavailable after the patience")
{
    fake_pool fixture{lane::changes};
    fixture.server.close();
    fixture.options.patience = std::chrono::milliseconds{20};
    auto const nothing = []() -> task<void> { co_return; };
    auto const answer = fixture.submit(lane::changes, change(), nothing);
    CHECK(answer.outcome == outcome::unavailable);
    CHECK(answer.error.message == "no connection to the database");
    CHECK(fixture.log.count("store_failed") >= 1);
}

TEST_CASE("beyond the limit of the queue a segment is unavailable at once")
{
    fake_pool fixture{lane::changes};
    fixture.options.queue_limit = 1;
    postgres::reply second;
    auto const script = [&]() -> task<void> {
        auto session = co_await fixture.server.accept();
        co_await session.open();
        auto const segment = co_await session.read_segment();
        second = co_await fixture.pool->submit(lane::changes, change());
        co_await session.answer(segment, one(fake::command()));
    };
    CHECK(fixture.submit(lane::changes, change(), script).outcome == outcome::done);
    CHECK(second.outcome == outcome::unavailable);
}

TEST_CASE("a pool ends while a server is silent")
{
    fake_pool fixture{lane::changes};
    fixture.start();
    auto const script = [&]() -> task<void> {
        auto session = co_await fixture.server.accept();
        fixture.pool.reset();
        co_await session.wait_for_end();
    };
    run(fixture.io, script());
    CHECK_FALSE(fixture.pool);
}

TEST_CASE("a pool that ends tries no further server")
{
    fake_pool fixture{lane::changes};
    fake::server next{fixture.io};
    fixture.options.address = fake::options_of({&fixture.server, &next}).address;
    fixture.start();
    auto const script = [&]() -> task<void> {
        auto session = co_await fixture.server.accept();
        fixture.pool.reset();
        co_await session.wait_for_end();
    };
    run(fixture.io, script());
    CHECK_FALSE(next.is_connected_to());
}

TEST_CASE("few connections of a pool are opened at the same time")
{
    fake_pool fixture{lane::changes};
    fixture.options.connections = 4;
    fixture.options.openings = 2;
    fixture.start();
    auto const script = [&]() -> task<void> {
        auto first = co_await fixture.server.accept();
        auto second = co_await fixture.server.accept();
        fixture.wait_until_all_began();
        CHECK_FALSE(fixture.server.is_connected_to());
        co_await second.open();
        auto third = co_await fixture.server.accept();
        co_await third.open();
        auto fourth = co_await fixture.server.accept();
        fixture.pool.reset();
    };
    run(fixture.io, script());
}

TEST_CASE("connections for look-ups are opened before further ones for changes")
{
    fake_pool fixture{lane::changes};
    fixture.options.connections = 3;
    fixture.options.lookup_connections = 1;
    fixture.options.openings = 1;
    auto const script = [&]() -> task<void> {
        auto first = co_await fixture.server.accept();
        fixture.wait_until_all_began();
        co_await first.open();
        auto second = co_await fixture.server.accept();
        co_await second.open();
        auto const segment = co_await second.read_segment();
        co_await second.answer(segment, one(fake::command("SELECT 0")));
    };
    CHECK(fixture.submit(lane::lookups, look_up(), script).outcome == outcome::done);
}

TEST_CASE("a request waits until a primary is proved")
{
    fake_pool fixture{lane::lookups};
    fixture.start();
    fixture.set_primary(std::nullopt);
    auto const script = [&]() -> task<void> {
        auto session = co_await fixture.server.accept();
        co_await session.open(false, false, "first");
        fixture.set_primary(postgres::primary{0, "first"});
        auto const segment = co_await session.read_segment();
        co_await session.answer(segment, one(fake::command("SELECT 0")));
    };
    CHECK(fixture.submit(lane::lookups, look_up(), script).outcome == outcome::done);
}

TEST_CASE("without a proved primary a request becomes unavailable")
{
    fake_pool fixture{lane::lookups};
    fixture.options.patience = std::chrono::milliseconds{50};
    fixture.start();
    fixture.set_primary(std::nullopt);
    std::optional<fake::session> kept;
    auto const script = [&]() -> task<void> {
        kept = co_await fixture.server.accept();
        co_await kept->open();
    };
    CHECK(fixture.submit(lane::lookups, look_up(), script).outcome == outcome::unavailable);
}

TEST_CASE("a connection to another server than the primary is dropped and its look-up sent to the primary")
{
    fake_pool fixture{lane::lookups};
    fake::server other{fixture.io};
    fixture.options.address = fake::options_of({&fixture.server, &other}).address;
    auto const script = [&]() -> task<void> {
        auto former = co_await fixture.server.accept();
        co_await former.open(false, false, "former");
        co_await former.read_segment();  // it freezes
        fixture.set_primary(postgres::primary{1, "new"});
        co_await former.wait_for_end();
        auto next = co_await other.accept();
        co_await next.open(false, false, "new");
        auto const segment = co_await next.read_segment();
        co_await next.answer(segment, one(fake::command("SELECT 0")));
    };
    CHECK(fixture.submit(lane::lookups, look_up(), script).outcome == outcome::done);
}

TEST_CASE("a connection to a former primary is given up while another one is proved")
{
    fake_pool fixture{lane::lookups};
    fixture.start();
    fixture.set_primary(postgres::primary{0, "new"});
    auto const script = [&]() -> task<void> {
        auto former = co_await fixture.server.accept();
        co_await former.open(false, false, "former");
        co_await former.wait_for_end();
        auto next = co_await fixture.server.accept();
        co_await next.open(false, false, "new");
        auto const segment = co_await next.read_segment();
        co_await next.answer(segment, one(fake::command("SELECT 0")));
    };
    CHECK(fixture.submit(lane::lookups, look_up(), script).outcome == outcome::done);
}

TEST_CASE("segments of several threads are committed and each task resumes on its own thread")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    recording_log log;
    asio::io_context first_io;  // both outlive the pool
    asio::io_context second_io;
    auto options = fixture.options();
    options.connections = 4;
    postgres::pool pool{options, log};
    std::atomic<int> done = 0;
    auto const work = [&](asio::io_context& io, std::string const& prefix) {
        for (int i = 0; i < 4; ++i) {
            asio::co_spawn(io, submit_many(pool, prefix + std::to_string(i) + "-", 25, done),
                           [](std::exception_ptr error) {
                               if (error) std::rethrow_exception(error);
                           });
        }
        io.run();
    };
    std::thread first{work, std::ref(first_io), "a"};
    std::thread second{work, std::ref(second_io), "b"};
    first.join();
    second.join();
    CHECK(done == 200);
    CHECK(fixture.administrator().run("SELECT count(*) FROM accounts") == "200");
    CHECK(log.count("store_connected") == 1);
}

TEST_CASE("a pool connects again after the server has ended its connections")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    recording_log log;
    auto options = fixture.options();
    options.connections = 2;
    asio::io_context io;  // outlives the pool
    postgres::pool pool{options, log};
    REQUIRE(run(io, pool.submit(lane::changes, insert_account("ann"))).outcome == outcome::done);
    fixture.administrator().run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'node'"
        " AND datname = current_database()");
    REQUIRE(run(io, pool.submit(lane::lookups, look_up())).outcome == outcome::done);
    // Whether the first one was sent to a connection that had ended already is a race: its outcome may be unknown.
    auto answer = run(io, pool.submit(lane::changes, insert_account("bob")));
    if (answer.outcome == outcome::unknown) answer = run(io, pool.submit(lane::changes, insert_account("bob2")));
    if (answer.outcome == outcome::unknown) answer = run(io, pool.submit(lane::changes, insert_account("bob3")));
    CHECK(answer.outcome == outcome::done);
}

TEST_CASE("a lock that another session does not release makes a change unavailable")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    recording_log log;
    auto options = fixture.options();
    options.connections = 1;
    asio::io_context io;  // outlives the pool
    postgres::pool pool{options, log};
    REQUIRE(run(io, pool.submit(lane::lookups, look_up())).outcome == outcome::done);
    auto administrator = fixture.administrator();
    administrator.run("BEGIN; LOCK TABLE accounts");
    auto const answer = run(io, pool.submit(lane::changes, insert_account("ann")));
    CHECK(answer.outcome == outcome::unavailable);
    CHECK(answer.error.code == "55P03");
    administrator.run("COMMIT");
    CHECK(log.count("store_failed") >= 1);
}
