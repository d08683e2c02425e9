// Statements in the sqlite3 shell beside a running server take effect and cannot break invariants.
#include <algorithm>

#include "store/sqlite/database_fixture.hpp"
#include "store/support/ended_sessions.hpp"

using namespace porter::testing;
using porter::detail::store::account;
using porter::detail::store::session_id;

namespace {

/// A store with the accounts alice (two sessions) and алиса (one), and a watch.
struct running {
    running() : ports(fixture.open())
    {
        alice = add("alice", "alice");
        cyrillic = add("алиса", "алиса");
        first = open(alice, 1);
        second = open(alice, 2);
        others = open(cyrillic, 3);
        ports.sessions.watch({notified.watcher()});
    }
    ~running() { ports.sessions.watch({}); }
    running(running const&) = delete;
    running& operator=(running const&) = delete;

    account add(std::string const& name, std::string const& folded_name)
    {
        auto fresh = account_of(folded_name);
        fresh.name = name;
        return fixture.add(fresh);
    }

    session_id open(account const& owner, int number)
    {
        auto opened = fixture.run(ports.sessions.open(session_of(owner, number)));
        REQUIRE(opened);
        return opened->id;
    }

    /// A failed attempt at alice's password. False: it was denied.
    bool fail(std::string const& network, int when)
    {
        auto const result = fixture.run(ports.attempts.begin(attempt_at(alice.id, network, when), few_attempts));
        REQUIRE(result);
        if (!result->decision.allows()) return false;
        REQUIRE(fixture.run(ports.attempts.fail(result->counted)));
        return true;
    }

    std::string run_sql(std::string const& sql) { return fixture.administrator().run(sql); }
    std::string error_of(std::string const& sql) { return fixture.administrator().error_of(sql); }

    ended_sessions notified;
    database_fixture fixture;
    porter::detail::store::ports ports;
    account alice;
    account cyrillic;
    session_id first = 0;
    session_id second = 0;
    session_id others = 0;
};

}  // namespace

TEST_CASE("a session whose end is set to the past by hand ends")
{
    running server;
    server.fixture.administrator().run("UPDATE sessions SET expires_at = 1 WHERE id = " + std::to_string(server.first));
    CHECK(server.notified.wait_for(server.first));
    CHECK_FALSE(server.notified.notified().contains(server.second));
}

TEST_CASE("a session deleted by hand is reported")
{
    running server;
    server.run_sql("DELETE FROM sessions WHERE id = " + std::to_string(server.first));
    CHECK(server.notified.wait_for(server.first));
    CHECK(server.notified.notified().size() == 1);
}

TEST_CASE("an ended session is reported although the name of its account is damaged")
{
    running server;
    server.run_sql("INSERT INTO ended_sessions (session_id, ended_at, account_name, cause) VALUES (" +
                   std::to_string(server.first) + ", unixepoch(), CAST(x'ff' AS TEXT), 'removed')");
    CHECK(server.notified.wait_for(server.first));
    server.run_sql("DELETE FROM sessions WHERE id = " + std::to_string(server.others));
    CHECK(server.notified.wait_for(server.others));
}

TEST_CASE("all sessions deleted by hand are reported")
{
    running server;
    server.run_sql("DELETE FROM sessions");
    CHECK(server.notified.wait_for(server.first));
    CHECK(server.notified.wait_for(server.second));
    CHECK(server.notified.wait_for(server.others));
}

TEST_CASE("the sessions and addresses of an account deleted by hand are deleted although foreign keys are off")
{
    running server;
    REQUIRE(
        server.fixture.run(server.ports.addresses.record("192.0.2.1", "192.0.2.1", "alice", server.alice.id, at(0))));
    REQUIRE(server.run_sql("PRAGMA foreign_keys") == "0");
    server.run_sql("DELETE FROM accounts WHERE name = 'alice'");
    CHECK(server.notified.wait_for(server.first));
    CHECK(server.notified.wait_for(server.second));
    CHECK(server.run_sql("SELECT id FROM sessions") == std::to_string(server.others));
    CHECK(server.run_sql("SELECT count(*) FROM addresses") == "0");
}

TEST_CASE("an account disabled by hand has no sessions left")
{
    running server;
    server.run_sql("UPDATE accounts SET disabled_at = unixepoch() WHERE name = 'alice'");
    CHECK(server.notified.wait_for(server.second));
    CHECK(server.run_sql("SELECT id FROM sessions") == std::to_string(server.others));
}

TEST_CASE("a password hash changed by hand ends the sessions and a rehash does not")
{
    running server;
    server.run_sql("UPDATE accounts SET password_hash = 'same password', rehash_count = rehash_count + 1");
    CHECK(server.run_sql("SELECT count(*) FROM sessions") == "3");
    server.run_sql("UPDATE accounts SET password_hash = password_hash");
    CHECK(server.run_sql("SELECT count(*) FROM sessions") == "3");
    server.run_sql("UPDATE accounts SET password_hash = 'another' WHERE name = 'alice'");
    CHECK(server.notified.wait_for(server.first));
    CHECK(server.notified.wait_for(server.second));
    CHECK(server.run_sql("SELECT id FROM sessions") == std::to_string(server.others));
    auto const stale = server.fixture.run(server.ports.sessions.open(session_of(server.alice, 9)));
    CHECK_FALSE(stale);
}

TEST_CASE("a name without its key is rejected")
{
    running server;
    for (std::string const sql : {
             "UPDATE accounts SET name = 'bob' WHERE name = 'alice'",
             "UPDATE accounts SET name = 'Боб' WHERE name = 'alice'",
             "UPDATE accounts SET name = 'Боб' WHERE name = 'алиса'",
             "UPDATE accounts SET folded_name = 'bob' WHERE name = 'alice'",
             "UPDATE accounts SET folded_name = '' WHERE name = 'алиса'",
             "INSERT INTO accounts (name, password_hash) VALUES ('bob', 'h')",
             "INSERT INTO accounts (name, folded_name, password_hash) VALUES ('Боб', '', 'h')",
             "INSERT INTO accounts (name, folded_name, password_hash) VALUES ('Bob', 'Bob', 'h')",
         }) {
        CAPTURE(sql);
        CHECK(server.error_of(sql).starts_with("folded_name must be"));
    }
    CHECK(server.run_sql("SELECT group_concat(name) FROM accounts") == "alice,алиса");
}

TEST_CASE("a rename by hand with its key is accepted and the addresses follow")
{
    running server;
    REQUIRE(
        server.fixture.run(server.ports.addresses.record("192.0.2.1", "192.0.2.1", "alice", server.alice.id, at(0))));
    server.run_sql("UPDATE accounts SET name = 'ALICE' WHERE name = 'alice'");
    server.run_sql("UPDATE accounts SET name = 'Боб', folded_name = 'боб' WHERE name = 'ALICE'");
    auto const name = server.fixture.run(server.ports.addresses.name_of("192.0.2.1"));
    REQUIRE(name);
    CHECK(*name == "Боб");
    auto const found = server.fixture.run(server.ports.accounts.find("боб"));
    REQUIRE(found);
    CHECK(found->has_value());
}

TEST_CASE("a duplicate never replaces the other account")
{
    running server;
    for (std::string const sql : {
             "INSERT INTO accounts (name, folded_name, password_hash) VALUES ('Alice', 'alice', 'h')",
             "INSERT OR REPLACE INTO accounts (name, folded_name, password_hash) VALUES ('Alice', 'alice', 'h')",
             "UPDATE OR REPLACE accounts SET name = 'alice', folded_name = 'alice' WHERE name = 'алиса'",
         }) {
        CAPTURE(sql);
        CHECK(server.error_of(sql) == "an account with this folded_name exists");
    }
    CHECK(server.run_sql("SELECT count(*) FROM sessions") == "3");
}

TEST_CASE("an id is never reused and never changes")
{
    running server;
    server.run_sql("DELETE FROM accounts WHERE name = 'алиса'");
    auto const id = std::to_string(server.cyrillic.id);
    CHECK_FALSE(server
                    .error_of("INSERT INTO accounts (id, name, folded_name, password_hash) VALUES (" + id +
                              ", 'eve', 'eve', 'h')")
                    .empty());
    CHECK_FALSE(server.error_of("UPDATE accounts SET id = 99 WHERE name = 'alice'").empty());
    CHECK_FALSE(server.error_of("UPDATE sessions SET id = 99").empty());
    CHECK_FALSE(server.error_of("UPDATE sessions SET account_id = 99").empty());
    CHECK(server.add("eve", "eve").id > server.cyrillic.id);
}

TEST_CASE("the views are readable and show no secrets")
{
    running server;
    REQUIRE(server.fail("198.51.100.1", 0));
    REQUIRE(
        server.fixture.run(server.ports.addresses.record("192.0.2.1", "192.0.2.1", "alice", server.alice.id, at(0))));
    CHECK(server.run_sql("SELECT name, state, created_utc, last_login_utc, last_address, failed_tries, sessions"
                         " FROM account_list WHERE name = 'alice'") ==
          "alice|enabled|2023-11-14 22:13:20|2023-11-14 22:13:20|192.0.2.1|1|2");
    CHECK(server.run_sql("SELECT account, address, transport, created_utc, expires_utc FROM session_list LIMIT 1") ==
          "alice|192.0.2.1|tls|2023-11-14 22:13:20|2023-11-14 22:30:00");
    CHECK(server.run_sql("SELECT * FROM address_list") ==
          "192.0.2.1|alice|proved|2023-11-14 22:13:20|2023-11-14 22:13:20");
    CHECK(server.run_sql("SELECT name, failed_tries, last_failed_utc LIKE '20__-__-__ __:__:__' FROM login_failures") ==
          "alice|1|1");
    for (std::string const view : {"account_list", "session_list", "address_list", "login_failures"}) {
        auto const rows = server.run_sql("SELECT * FROM " + view);
        auto const columns = server.run_sql("SELECT name FROM pragma_table_info('" + view + "')");
        CAPTURE(view);
        CHECK_FALSE(rows.empty());
        CHECK(rows.find("hash of") == std::string::npos);
        CHECK(columns.find("digest") == std::string::npos);
        CHECK(columns.find("hash") == std::string::npos);
    }
}

TEST_CASE("a session is stored by its digest")
{
    running server;
    CHECK(server.run_sql("SELECT length(token_digest) FROM sessions LIMIT 1") == "32");
    CHECK(server.run_sql("SELECT hex(token_digest) FROM sessions LIMIT 1").starts_with("01005A5A"));
}

TEST_CASE("a lock is shown and can be lifted by hand in several ways")
{
    running server;
    auto const lift = GENERATE(std::string{"UPDATE accounts SET failed_since = 0"},
                               std::string{"UPDATE accounts SET disabled_at = NULL WHERE name = 'alice'"},
                               std::string{"DELETE FROM password_ladders"});
    CAPTURE(lift);
    for (int i = 0; i < 100; ++i) {
        auto attempt = attempt_at(server.alice.id, "198.51.100." + std::to_string(i), 20 * i);
        auto rules = few_attempts;
        rules.locked_after = 100;
        REQUIRE(server.fixture.run(server.ports.attempts.begin(attempt, rules))->decision.allows());
    }
    CHECK(server.run_sql("SELECT state FROM account_list WHERE name = 'alice'") == "locked");
    CHECK(server.run_sql("SELECT name, failed_tries, locked_for FROM login_failures") == "alice|100|strangers");
    CHECK_FALSE(server.fail("198.51.100.200", 9999));
    server.run_sql(lift);
    CHECK(server.run_sql("SELECT state FROM account_list WHERE name = 'alice'") == "enabled");
    CHECK(server.fail("198.51.100.200", 9999));
}

TEST_CASE("a login from a known network does not lift the lock of unknown ones")
{
    running server;
    for (int i = 0; i < 6; ++i) server.fail("198.51.100." + std::to_string(i), 20 * i);
    REQUIRE_FALSE(server.fail("198.51.100.200", 9999));
    server.open(server.alice, 9);
    CHECK(server.run_sql("SELECT failed_since FROM accounts WHERE name = 'alice'") == "0");
    CHECK_FALSE(server.fail("198.51.100.200", 9999));
}

TEST_CASE("failures of a network are shown and can be deleted by hand")
{
    running server;
    for (int i = 0; i < 3; ++i) CHECK(server.fail("198.51.100.1", i * 20));
    CHECK_FALSE(server.fail("198.51.100.1", 50));
    server.run_sql("DELETE FROM network_failures WHERE network = '198.51.100.1'");
    CHECK(server.fail("198.51.100.1", 51));
    server.run_sql("UPDATE network_failures SET failed_at = unixepoch()");
    CHECK(server.run_sql("SELECT network, failures, state FROM network_failure_list") == "198.51.100.1|1|open");
}

TEST_CASE("the failure counters and known networks of an account deleted by hand are deleted")
{
    running server;
    server.fail("192.0.2.1", 0);
    server.fail("198.51.100.1", 0);
    CHECK(server.run_sql("SELECT count(*) FROM password_ladders") == "2");
    server.run_sql("DELETE FROM accounts WHERE name = 'alice'");
    CHECK(server.run_sql("SELECT count(*) FROM password_ladders") == "0");
    CHECK(server.run_sql("SELECT account_id FROM account_networks") == std::to_string(server.cyrillic.id));
}

TEST_CASE("an account keeps the hundred networks used last")
{
    running server;
    for (int i = 0; i < 120; ++i) {
        auto login = session_of(server.alice, 100 + i, i);
        login.network = "203.0.113." + std::to_string(i);
        REQUIRE(server.fixture.run(server.ports.sessions.open(login)));
    }
    auto const id = std::to_string(server.alice.id);
    CHECK(server.run_sql("SELECT count(*), min(last_seen_at) FROM account_networks WHERE account_id = " + id) ==
          "100|" + std::to_string(at(20).time_since_epoch().count()));
}

TEST_CASE("failures out of the window are deleted")
{
    running server;
    server.fail("198.51.100.1", 0);
    server.fail("198.51.100.2", 30);
    server.fail("198.51.100.3", 61);
    CHECK(server.run_sql("SELECT group_concat(network) FROM network_failures") == "198.51.100.2,198.51.100.3");
}
