// What porterctl db check and db status find in a PostgreSQL database.
#include <algorithm>

#include "porter/testing/recording_log.hpp"
#include "store/postgres/administration/fixture.hpp"
#include "store/postgres/backend.hpp"

using namespace porter::testing;
namespace postgres = porter::detail::store::postgres;

namespace {

constexpr auto alice =
    "INSERT INTO accounts (name, folded_name, password_hash) VALUES ('alice', 'alice', 'hash') RETURNING id;";

/// The faults that the check finds after statements in psql.
std::string faults_after(std::string const& sql)
{
    postgres_fixture fixture;
    fixture.administrator().run(sql);
    database_administration db{fixture.options("porterctl")};
    CHECK(db.find_damage().empty());
    std::string all;
    for (auto const& one : db.find_faults()) all += one + '\n';
    return all;
}

std::string insert_session(std::string const& account, int number = 0)
{
    return "INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
           " credential_version) VALUES (" +
           account + ", decode(repeat('0" + std::to_string(number) + "', 32), 'hex'), 1, 1, 9000000000, '', 'tls', 1);";
}

}  // namespace

TEST_CASE("further objects in the schema are no fault")
{
    NEEDS_POSTGRESQL();
    CHECK(faults_after("CREATE TABLE notes (words text)").empty());
}

TEST_CASE("missing objects and disabled triggers are found")
{
    NEEDS_POSTGRESQL();
    CHECK(faults_after("DROP TRIGGER session_ended ON sessions") == "the trigger session_ended is missing\n");
    CHECK(faults_after("DROP INDEX sessions_by_end") == "the index sessions_by_end is missing\n");
    CHECK(faults_after("DROP VIEW session_list") == "the view session_list is missing\n");
    CHECK(faults_after("DROP FUNCTION reject_truncate CASCADE") ==
          "the function reject_truncate is missing\nthe trigger accounts_are_not_truncated is missing\n"
          "the trigger sessions_are_not_truncated is missing\n");
    CHECK(faults_after("ALTER TABLE sessions DISABLE TRIGGER session_ended") ==
          "the trigger session_ended is disabled\n");
}

TEST_CASE("rows that keys and triggers did not see are found")
{
    NEEDS_POSTGRESQL();
    CHECK(faults_after("SET session_replication_role = replica;" + insert_session("77")) ==
          "1 rows of sessions belong to rows that accounts does not have\n");
    CHECK(faults_after(std::string{alice} + insert_session("1") +
                       "SET session_replication_role = replica; UPDATE accounts SET disabled_at = 1") ==
          "session 1 belongs to the disabled account alice\n");
}

TEST_CASE("a sequence that would give an id again is found")
{
    NEEDS_POSTGRESQL();
    CHECK(faults_after(std::string{alice} + insert_session("1") + insert_session("1", 1) +
                       "SELECT setval('sessions_id_seq', 1)") ==
          "the next id of sessions was used before: set its sequence forward\n");
    CHECK(faults_after("INSERT INTO accounts (id, name, folded_name, password_hash) OVERRIDING SYSTEM VALUE"
                       " VALUES (7, 'alice', 'alice', 'hash')") ==
          "the next id of accounts was used before: set its sequence forward\n");
}

TEST_CASE("the status of the cluster has its servers and the nodes that use it")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    recording_log log;
    auto const node = postgres::open(fixture.options(), log);
    database_administration db{fixture.options("porterctl")};
    fixture.administrator().run(
        "INSERT INTO nodes (id, name, version, schema_version, started_at, seen_at_ms) VALUES (1, 'gone', '0.1', 1, 5,"
        " (unix_time() - 100) * 1000)");
    auto const status = db.read_cluster();
    REQUIRE(status.hosts.size() == 1);
    CHECK(status.hosts[0] == status.primary);
    CHECK(status.role == "porterctl");
    CHECK(std::stoi(status.server_version) >= 14);
    CHECK_FALSE(status.waits_for_standby);
    CHECK(status.standbys.empty());
    REQUIRE(status.nodes.size() == 2);
    auto const gone = std::ranges::find(status.nodes, "gone", &administration::node_row::name);
    REQUIRE(gone != status.nodes.end());
    CHECK_FALSE(gone->is_up);
    CHECK(gone->since_seen >= std::chrono::seconds{99});
    CHECK(gone->version == "0.1");
    CHECK(std::ranges::count(status.nodes, true, &administration::node_row::is_up) == 1);
    CHECK(std::chrono::abs(status.clock_offset) < std::chrono::seconds{60});
}
