// Two transactions that lock the same rows never wait for each other: each locks them in the same order. A session of
// psql has the row that is to be locked first; what waits for it must have none of the others.
#include <functional>
#include <future>

#include "porter/testing/recording_log.hpp"
#include "store/postgres/attempts_fixture.hpp"
#include "store/postgres/backend.hpp"
#include "store/postgres/sample_rows.hpp"

using namespace porter::testing;
namespace store = porter::detail::store;

namespace {

/// A porterd and a session of psql on a database with an account.
struct lock_fixture {
    /// Runs an operation of the store on another thread until it waits for the lock of psql. Then psql must get this
    /// row at once, and the operation ends when psql has let go of both.
    void expect_free(std::function<void()> const& operation, std::string const& row)
    {
        auto running = std::async(std::launch::async, operation);
        auto observer = database.administrator();
        while (running.wait_for(std::chrono::seconds{0}) != std::future_status::ready &&
               observer.run("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                            " AND wait_event_type = 'Lock'") == "0") {
        }
        CHECK(psql.error_of("SELECT FROM " + row + " FOR UPDATE NOWAIT").empty());
        psql.run("ROLLBACK");
        running.get();
    }

    std::string run(std::string const& sql) { return psql.run(sql); }

    /// A session with this id. Those that are added first are first in the table.
    void add_session_with_id(int id)
    {
        auto const added = add_session(psql, account);
        psql.run("WITH old AS (DELETE FROM sessions WHERE id = " + added +
                 " RETURNING *) INSERT INTO sessions (id, account_id, token_digest, created_at, last_used_at,"
                 " expires_at, address, transport, credential_version) OVERRIDING SYSTEM VALUE SELECT " +
                 std::to_string(id) +
                 ", account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
                 " credential_version FROM old");
    }

    postgres_fixture database;
    sql_session psql = database.administrator();
    std::string account = add_account(psql, "alice");
    store::account_id account_number = std::stoll(account);
};

/// What porterd has open.
struct open_store {
    explicit open_store(lock_fixture const& fixture) : backend(postgres::open(fixture.database.options(), log)) {}

    asio::io_context io;  // outlives the store
    recording_log log;
    std::unique_ptr<postgres::backend> backend;
};

}  // namespace

TEST_CASE("the sessions of an account are locked in the order of their ids when all of them end")
{
    NEEDS_POSTGRESQL();
    lock_fixture fixture;
    fixture.add_session_with_id(2'000);
    fixture.add_session_with_id(1'000);
    open_store opened{fixture};
    fixture.run("BEGIN");
    fixture.run("SELECT FROM sessions WHERE id = 1000 FOR UPDATE");
    auto const end_all = [&] {
        auto const ended =
            run(opened.io, opened.backend->ports().sessions.end_all(fixture.account_number, store::end_cause::logout));
        if (!ended) throw std::runtime_error("end_all has failed");
    };
    fixture.expect_free(end_all, "sessions WHERE id = 2000");
    CHECK(fixture.run("SELECT count(*) FROM sessions") == "0");
}

TEST_CASE("the account of a session that has moved is locked before the session")
{
    NEEDS_POSTGRESQL();
    lock_fixture fixture;
    fixture.add_session_with_id(1'000);
    open_store opened{fixture};
    fixture.run("BEGIN");
    fixture.run("SELECT FROM accounts FOR UPDATE");  // as a DELETE does
    auto const touch = [&] {
        store::session_activity moved;
        moved.id = 1'000;
        moved.at = at(5);
        moved.address = moved.network = "198.51.100.1";
        auto const gone = run(opened.io, opened.backend->ports().sessions.touch({moved}));
        if (!gone) throw std::runtime_error("touch has failed");
    };
    fixture.expect_free(touch, "sessions WHERE id = 1000");
    CHECK(fixture.run("SELECT network FROM account_networks") == "198.51.100.1");
}

TEST_CASE("attempts of the same moment are rolled back in the order of their ids")
{
    NEEDS_POSTGRESQL();
    lock_fixture fixture;
    attempts_server server{fixture.database};
    auto const begin = [&] { return server.begin(attempt_at(std::nullopt, "192.0.2.1", 0)).counted; };
    auto const first = begin();
    auto const second = begin();
    REQUIRE(first.id < second.id);
    fixture.run("BEGIN");
    fixture.run("SELECT FROM attempts WHERE id = " + std::to_string(first.id) + " FOR UPDATE");
    auto const rollback = [&] {
        auto const done = server.run(server.port().rollback({second, first}));
        if (!done) throw std::runtime_error("rollback has failed");
    };
    fixture.expect_free(rollback, "attempts WHERE id = " + std::to_string(second.id));
    CHECK(fixture.run("SELECT count(*) FROM attempts") == "0");
}

TEST_CASE("the oldest networks of an account are deleted without waiting for the lock of another transaction")
{
    NEEDS_POSTGRESQL();
    lock_fixture fixture;
    fixture.run(
        "INSERT INTO account_networks SELECT id, '192.0.2.' || n, n, n FROM accounts, generate_series(1, 102) n");
    open_store opened{fixture};
    auto& addresses = opened.backend->ports().addresses;
    auto const record = [&](std::string const& address) {
        return run(opened.io, addresses.record(address, address, "alice", fixture.account_number, at(1)));
    };
    auto other = fixture.database.administrator();
    other.run("BEGIN; UPDATE account_networks SET last_seen_at = 1 WHERE network = '192.0.2.1'");
    CHECK(record("198.51.100.1"));
    CHECK(fixture.run("SELECT count(*), min(last_seen_at) FROM account_networks") == "101|1");
    other.run("COMMIT");
    CHECK(record("198.51.100.2"));
    CHECK(fixture.run("SELECT count(*), min(last_seen_at) FROM account_networks") == "100|5");
}
