#include "store/postgres/journal.hpp"

#include <deque>
#include <map>
#include <optional>
#include <random>

#include "store/postgres/real_connection.hpp"
#include "store/postgres/sample_rows.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::detail::store::postgres::journal;
using porter::detail::store::postgres::journal_report;
using porter::detail::store::postgres::outcome;

namespace {

/// A journal, the connection by which it is read, and what it has reported.
class journal_fixture {
public:
    journal_fixture()
    {
        connect();
        look();
    }

    void connect()
    {
        conn.emplace(database);
        log.on_connected();
    }

    /// Looks, and counts the reported sessions.
    journal_report look()
    {
        auto const answer = conn->send(log.look(now));
        INFO(answer.error.message);
        REQUIRE(answer.outcome == outcome::done);
        auto report = log.take(answer, now);
        for (auto const& each : report.ended) ++reports[std::to_string(each.id)];
        return report;
    }

    /// Removes old entries. False: it is not time to.
    bool prune()
    {
        auto work = log.prune(now);
        if (!work) return false;
        auto const answer = conn->send(std::move(*work));
        INFO(answer.error.message);
        REQUIRE(answer.outcome == outcome::done);
        log.on_pruned(answer);
        return true;
    }

    /// Waits until what began before now has ended: other tests have transactions in this cluster, and an entry is kept
    /// as long as one of them could be older.
    void await_transactions()
    {
        auto const next = by.run("SELECT pg_snapshot_xmax(pg_current_snapshot())");
        while (by.run("SELECT pg_snapshot_xmin(pg_current_snapshot()) < '" + next + "'::xid8") == "t") {
        }
    }

    std::string entries() { return by.run("SELECT count(*) FROM ended_sessions"); }

    postgres_fixture database;
    sql_session by = database.administrator();
    std::optional<real_connection> conn;
    journal::time now{};
    journal log{now};
    std::map<std::string, int> reports;  // of each session
};

/// A transaction that ends sessions of its own, in savepoints or not, and is committed or rolled back at random.
class writer {
public:
    explicit writer(sql_session session) : session_(std::move(session)) {}

    bool is_open() const { return is_open_; }

    void begin()
    {
        session_.run("BEGIN");
        is_open_ = true;
    }
    void end(std::string const& session)
    {
        end_session(session_, session);
        kept_.push_back(session);
    }
    void end_in_savepoint(std::string const& session, bool is_kept)
    {
        session_.run("SAVEPOINT s");
        end_session(session_, session);
        session_.run(is_kept ? "RELEASE SAVEPOINT s" : "ROLLBACK TO SAVEPOINT s");
        if (is_kept) kept_.push_back(session);
    }
    /// Returns the sessions that have ended.
    std::vector<std::string> finish(bool is_committed)
    {
        session_.run(is_committed ? "COMMIT" : "ROLLBACK");
        is_open_ = false;
        auto kept = std::exchange(kept_, {});
        return is_committed ? kept : std::vector<std::string>{};
    }

private:
    sql_session session_;
    bool is_open_ = false;
    std::vector<std::string> kept_;
};

}  // namespace

TEST_CASE("the first look reports nothing that ended before it")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    auto const account = add_account(fixture.by, "ann");
    auto const before = add_session(fixture.by, account);
    auto const after = add_session(fixture.by, account);
    end_session(fixture.by, before);
    fixture.log.begin();
    CHECK(fixture.look().ended.empty());
    end_session(fixture.by, after);
    auto const report = fixture.look();
    REQUIRE(report.ended.size() == 1);
    CHECK(std::to_string(report.ended[0].id) == after);
    CHECK(report.ended[0].account_name == "ann");
    CHECK(report.ended[0].cause == "removed");
    CHECK_FALSE(report.is_incomplete);
    CHECK(fixture.look().ended.empty());
}

TEST_CASE("a transaction that was open for many looks is reported when it is committed")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    auto const account = add_account(fixture.by, "ann");
    auto const first = add_session(fixture.by, account);
    auto const second = add_session(fixture.by, account);
    auto slow = fixture.database.administrator();
    slow.run("BEGIN");
    end_session(slow, first);
    end_session(fixture.by, second);
    for (int i = 0; i < 5; ++i) fixture.look();
    CHECK(fixture.reports == std::map<std::string, int>{{second, 1}});
    slow.run("COMMIT");
    fixture.look();
    fixture.look();
    CHECK(fixture.reports == std::map<std::string, int>{{first, 1}, {second, 1}});
}

TEST_CASE("what many transactions commit in any order is reported once and what they roll back is not")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    std::deque<std::string> sessions;
    auto const account = add_account(fixture.by, "ann");
    for (int i = 0; i < 400; ++i) sessions.push_back(add_session(fixture.by, account));
    std::vector<writer> writers;
    for (int i = 0; i < 12; ++i) writers.emplace_back(fixture.database.administrator());
    std::map<std::string, int> expected;
    std::mt19937 random{20'261'130};
    auto const one_of = [&](unsigned count) { return random() % count; };
    auto const next = [&] {
        auto session = std::move(sessions.front());
        sessions.pop_front();
        return session;
    };
    while (!sessions.empty()) {
        auto& each = writers[one_of(12)];
        if (!each.is_open()) {
            each.begin();
            each.end(next());
            continue;
        }
        switch (one_of(5)) {
            case 0:
                each.end(next());
                break;
            case 1:
                each.end_in_savepoint(next(), one_of(2) == 0);
                break;
            case 2:
                for (auto const& session : each.finish(one_of(6) != 0)) expected[session] = 1;
                break;
            default:
                fixture.look();
        }
    }
    for (auto& each : writers) {
        if (!each.is_open()) continue;
        for (auto const& session : each.finish(true)) expected[session] = 1;
        fixture.look();
    }
    CHECK(expected.size() > 100);
    CHECK(fixture.reports == expected);
}

TEST_CASE("a new connection reports the whole journal again")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    auto const account = add_account(fixture.by, "ann");
    auto const first = add_session(fixture.by, account);
    auto const second = add_session(fixture.by, account);
    end_session(fixture.by, first);
    fixture.look();
    end_session(fixture.by, second);
    fixture.connect();
    CHECK_FALSE(fixture.look().is_incomplete);
    CHECK(fixture.reports == std::map<std::string, int>{{first, 2}, {second, 1}});
    fixture.look();
    CHECK(fixture.reports == std::map<std::string, int>{{first, 2}, {second, 1}});
}

TEST_CASE("a look that comes too late reports the whole journal and that more may have ended")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    auto const session = add_session(fixture.by, add_account(fixture.by, "ann"));
    end_session(fixture.by, session);
    fixture.look();
    fixture.now += journal::longest_gap;
    CHECK_FALSE(fixture.look().is_incomplete);
    CHECK(fixture.reports[session] == 1);
    fixture.now += journal::longest_gap + 1s;
    CHECK(fixture.look().is_incomplete);
    CHECK(fixture.reports[session] == 2);
    CHECK_FALSE(fixture.look().is_incomplete);
    fixture.now += journal::longest_gap + 1s;
    fixture.connect();
    CHECK(fixture.look().is_incomplete);
}

TEST_CASE("a journal that is too long to be reported again is reported as incomplete")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    auto const insert = [&](std::int64_t first, std::int64_t last) {
        fixture.by.run(
            "INSERT INTO ended_sessions (session_id, account_name, cause) SELECT n, 'ann', 'removed'"
            " FROM generate_series(" +
            std::to_string(first) + "::bigint, " + std::to_string(last) + ") AS n");
    };
    insert(1, journal::most_repeated);
    CHECK(fixture.look().ended.size() == journal::most_repeated);
    fixture.connect();
    CHECK_FALSE(fixture.look().is_incomplete);
    insert(journal::most_repeated + 1, journal::most_repeated + 1);
    fixture.connect();
    CHECK(fixture.look().is_incomplete);
    CHECK(fixture.reports.contains(std::to_string(journal::most_repeated + 1)));
}

TEST_CASE("entries are removed only some time after every server could see them")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    auto const account = add_account(fixture.by, "ann");
    auto const old = add_session(fixture.by, account);
    auto const late = add_session(fixture.by, account);
    end_session(fixture.by, old);
    fixture.await_transactions();
    auto slow = fixture.database.administrator();
    slow.run("BEGIN");
    end_session(slow, late);
    fixture.connect();
    fixture.look();  // the transaction is open: its entry will be old when it appears
    slow.run("COMMIT");
    CHECK_FALSE(fixture.prune());
    fixture.now += journal::kept;
    CHECK(fixture.prune());
    CHECK(fixture.by.run("SELECT session_id FROM ended_sessions") == late);
    CHECK_FALSE(fixture.prune());
    fixture.await_transactions();
    fixture.look();
    fixture.now += journal::kept;
    CHECK(fixture.prune());
    CHECK(fixture.entries() == "0");
}

TEST_CASE("a large journal is removed by pieces")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    fixture.by.run(
        "INSERT INTO ended_sessions (session_id, account_name, cause) SELECT n, 'ann', 'removed'"
        " FROM generate_series(1, 1200) AS n");
    fixture.await_transactions();
    fixture.connect();
    fixture.look();
    fixture.now += journal::kept;
    std::vector<std::string> left;
    while (fixture.prune()) left.push_back(fixture.entries());
    CHECK(left == std::vector<std::string>{"700", "200", "0"});
}

TEST_CASE("entries of another cluster whose dump was restored are reported once and removed")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    fixture.by.run(
        "INSERT INTO ended_sessions (xid, session_id, account_name, cause)"
        " VALUES ('99999999999', 77, 'ann', 'removed')");
    fixture.connect();
    for (int i = 0; i < 3; ++i) fixture.look();
    CHECK(fixture.reports == std::map<std::string, int>{{"77", 1}});
    auto const session = add_session(fixture.by, add_account(fixture.by, "ann"));
    end_session(fixture.by, session);
    fixture.look();
    CHECK(fixture.reports == std::map<std::string, int>{{"77", 1}, {session, 1}});
    fixture.now += journal::kept;
    CHECK(fixture.prune());
    CHECK(fixture.by.run("SELECT session_id FROM ended_sessions") == session);
}

TEST_CASE("one server at a time removes entries")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    end_session(fixture.by, add_session(fixture.by, add_account(fixture.by, "ann")));
    fixture.await_transactions();
    fixture.connect();
    fixture.look();
    fixture.now += journal::kept;
    auto other = fixture.database.session_of("node");
    other.run("BEGIN; SELECT pg_advisory_xact_lock(7679, 0)");
    CHECK(fixture.prune());
    CHECK(fixture.entries() == "1");
}

TEST_CASE("a snapshot of another connection is not used to remove entries")
{
    NEEDS_POSTGRESQL();
    journal_fixture fixture;
    fixture.look();
    fixture.now += journal::kept;
    fixture.connect();
    CHECK_FALSE(fixture.prune());
}
