// What the schema itself ensures, for statements typed by hand, too.
#include "store/postgres/sample_rows.hpp"

using namespace porter::testing;

namespace {

/// The journal: "account cause" of each entry, in order of the sessions.
std::string journal(sql_session& by)
{
    return by.run("SELECT account_name, cause FROM porter.ended_sessions ORDER BY session_id");
}

bool mentions(std::string const& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("each session that a node ends is in the journal with its cause")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto node = fixture.session_of("node");
    auto const account = add_account(node, "ann");
    add_session(node, account);
    add_session(node, account);
    auto const last = add_session(node, account);
    node.run("DELETE FROM porter.sessions WHERE id < " + last);
    CHECK(journal(node) == "ann|removed\nann|removed");
    node.run("BEGIN; SELECT set_config('porter.end_cause', 'logout', true); DELETE FROM porter.sessions; COMMIT");
    CHECK(journal(node) == "ann|removed\nann|removed\nann|logout");
}

TEST_CASE("sessions end with their account and its credential")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto by = fixture.administrator();
    auto const disabled = add_account(by, "ann");
    auto const changed = add_account(by, "bob");
    auto const deleted = add_account(by, "carol");
    auto const expired = add_account(by, "dave");
    for (auto const& account : {disabled, changed, deleted, expired}) add_session(by, account);
    by.run("UPDATE accounts SET disabled_at = 5 WHERE id = " + disabled);
    by.run("UPDATE accounts SET password_hash = 'other' WHERE id = " + changed);
    by.run("DELETE FROM accounts WHERE id = " + deleted);
    by.run("UPDATE sessions SET expires_at = 5 WHERE account_id = " + expired);
    CHECK(journal(by) == "ann|account_disabled\nbob|password_changed\ncarol|account_deleted\ndave|expired");
    CHECK(by.run("SELECT count(*) FROM sessions") == "0");
}

TEST_CASE("a rehash keeps the sessions")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto by = fixture.administrator();
    auto const account = add_account(by, "ann");
    add_session(by, account);
    by.run("UPDATE accounts SET password_hash = 'other', rehash_count = rehash_count + 1");
    CHECK(by.run("SELECT count(*) FROM sessions") == "1");
    CHECK(by.run("SELECT credential_version FROM accounts") == "1");
}

TEST_CASE("no session ends without an entry in the journal")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto administrator = fixture.administrator();
    CHECK(mentions(administrator.error_of("TRUNCATE sessions"), "use DELETE"));
    CHECK(mentions(administrator.error_of("TRUNCATE accounts CASCADE"), "use DELETE"));
    auto node = fixture.session_of("node");
    CHECK(mentions(node.error_of("TRUNCATE porter.sessions"), "permission denied"));
    CHECK(mentions(node.error_of("INSERT INTO porter.ended_sessions (session_id, account_name, cause)"
                                 " VALUES (1, '', '')"),
                   "permission denied"));
    CHECK(mentions(node.error_of("ALTER TABLE porter.sessions DISABLE TRIGGER ALL"), "must be owner"));
}

TEST_CASE("an account has the key of its name and no other account has it")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto by = fixture.administrator();
    auto const insert = [&](std::string const& name, std::string const& folded) {
        return by.error_of("INSERT INTO accounts (name, folded_name, password_hash) VALUES ('" + name + "', '" +
                           folded + "', '-')");
    };
    CHECK(insert("Ann", "ann").empty());
    CHECK(mentions(insert("ANN", "ann"), "accounts_folded_name_key"));
    CHECK(mentions(insert("Bob", "Bob"), "folded_name_is_folded"));
    CHECK(mentions(insert("Bob", ""), "folded_name_is_folded"));
    CHECK(insert("Ö", "ö").empty());
    CHECK(mentions(by.error_of("UPDATE accounts SET name = 'Anne' WHERE name = 'Ann'"), "set both"));
    CHECK(by.error_of("UPDATE accounts SET name = 'Anne', folded_name = 'anne' WHERE name = 'Ann'").empty());
}

TEST_CASE("an account and a session never become other ones")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto by = fixture.administrator();
    auto const ann = add_account(by, "ann");
    auto const bob = add_account(by, "bob");
    add_session(by, ann);
    CHECK(mentions(by.error_of("UPDATE accounts SET id = DEFAULT"), "never changes"));
    CHECK_FALSE(by.error_of("UPDATE accounts SET id = 77").empty());
    CHECK(mentions(by.error_of("UPDATE sessions SET account_id = " + bob), "never becomes another one"));
    by.run("DELETE FROM accounts WHERE id = " + bob);
    CHECK(std::stoll(add_account(by, "carol")) > std::stoll(bob));
}

TEST_CASE("the costs of the stored hashes are known without reading all accounts")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto by = fixture.administrator();
    CHECK(by.run("SELECT * FROM password_costs").empty());
    std::string const rest(66, 'x');
    for (auto const* const cost : {"m=19456,t=2", "m=19456,t=3", "m=8,t=1", "m=19456,t=2", "m=08,t=1"}) {
        by.run("INSERT INTO accounts (name, folded_name, password_hash) SELECT n, n, '$argon2id$v=19$" +
               std::string{cost} + ",p=1$" + rest + "' FROM (SELECT 'a' || count(*) AS n FROM accounts) AS next");
    }
    add_account(by, "imported");
    CHECK(by.run("SELECT * FROM password_costs") == "19456|3\n19456|2\n8|1");
    by.run("DELETE FROM accounts WHERE passes = 3");
    CHECK(by.run("SELECT * FROM password_costs") == "19456|2\n8|1");
}

TEST_CASE("failure counters are reset when an account is enabled or its failures are zeroed by hand")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto by = fixture.administrator();
    auto const account = add_account(by, "ann");
    auto const lock = [&] {
        by.run("INSERT INTO failure_counters VALUES (" + account + ", '', 100, 5) ON CONFLICT DO NOTHING");
        by.run("UPDATE accounts SET failed_since = 100, attempt_count = attempt_count + 1");
    };
    lock();
    CHECK(by.run("SELECT state FROM account_list") == "locked");
    CHECK(by.run("SELECT locked_for FROM login_failure_list") == "unknown");
    by.run("UPDATE accounts SET failed_since = 0, attempt_count = attempt_count + 1");
    CHECK(by.run("SELECT count(*) FROM failure_counters") == "1");  // porterd's own
    by.run("UPDATE accounts SET failed_since = 0");
    CHECK(by.run("SELECT state FROM account_list") == "enabled");
    lock();
    by.run("UPDATE accounts SET disabled_at = NULL");
    CHECK(by.run("SELECT count(*) FROM failure_counters") == "0");
}

TEST_CASE("a reader sees the views and no secret")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto by = fixture.administrator();
    auto const account = add_account(by, "ann");
    add_session(by, account);
    auto reader = fixture.session_of("reader");
    for (auto const* const view : {"account_list", "session_list", "address_list", "login_failure_list",
                                   "network_failure_list", "registration_list", "ended_session_list", "node_list"}) {
        CHECK(reader.error_of("SELECT * FROM porter." + std::string{view}).empty());
    }
    CHECK(reader.run("SELECT name, state, sessions FROM porter.account_list") == "ann|enabled|1");
    CHECK(reader.run("SELECT account, created_utc FROM porter.session_list") == "ann|1970-01-01 00:00:01");
    for (auto const* const table : {"accounts", "sessions", "attempts", "unknown_failure_counters"}) {
        CHECK(mentions(reader.error_of("SELECT * FROM porter." + std::string{table}), "permission denied"));
    }
}

TEST_CASE("the difference of two snapshots shows each ended session once in whatever order they commit")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto slow = fixture.administrator();
    auto fast = fixture.administrator();
    auto watch = fixture.session_of("node");
    auto const account = add_account(fast, "ann");
    auto const first = add_session(fast, account);
    auto const second = add_session(fast, account);
    auto snapshot = watch.run("SELECT pg_current_snapshot()");
    auto const look = [&] {
        auto const since = "'" + snapshot + "'::pg_snapshot";
        auto const now = watch.run("SELECT pg_current_snapshot()");
        auto found = watch.run("SELECT session_id FROM porter.ended_sessions WHERE xid >= pg_snapshot_xmax(" + since +
                               ") OR xid = ANY (ARRAY(SELECT pg_snapshot_xip(" + since + ")))");
        snapshot = now;
        return found;
    };
    slow.run("BEGIN; DELETE FROM sessions WHERE id = " + first);  // takes the lower number, and commits later
    fast.run("DELETE FROM sessions WHERE id = " + second);
    CHECK(look() == second);
    CHECK(look().empty());
    slow.run("COMMIT");
    CHECK(look() == first);
    CHECK(look().empty());
}
