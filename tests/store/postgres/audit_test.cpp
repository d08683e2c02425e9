// The rows of audit in a database that servers share (promise P14).
#include <memory>

#include "porter/testing/recording_log.hpp"
#include "store/audit_key.hpp"
#include "store/postgres/backend.hpp"
#include "store/postgres/cluster.hpp"

using namespace porter::testing;
namespace postgres = porter::detail::store::postgres;
namespace store = porter::detail::store;

namespace {

/// A database with servers that seal its rows.
class sealed_database {
public:
    std::unique_ptr<postgres::backend> open(std::chrono::seconds keep = std::chrono::seconds{0})
    {
        auto options = database.options();
        options.connections = 2;
        options.lookup_connections = 1;
        options.audit_key = store::derive_audit_key("secret of the servers");
        options.audit_keep = keep;
        return postgres::open(options, log);
    }

    void add(std::string const& name)
    {
        by.run("INSERT INTO accounts (name, folded_name, password_hash) VALUES ('" + name + "', '" + name + "', 'h')");
    }

    void await_sealed()
    {
        constexpr auto is_waiting =
            "SELECT (SELECT tag IS NULL FROM audit_head) OR EXISTS (SELECT FROM audit WHERE number IS NULL)";
        while (by.run(is_waiting) != "f") {
        }
    }

    postgres_fixture database;
    recording_log log;
    sql_session by = database.administrator();
};

}  // namespace

TEST_CASE("several servers seal each row once in one chain")
{
    NEEDS_POSTGRESQL();
    sealed_database one;
    auto first = one.open();
    auto second = one.open();
    for (int i = 0; i < 20; ++i) one.add("account" + std::to_string(i));
    one.await_sealed();
    CHECK(one.by.run("SELECT count(*), count(DISTINCT seal), min(number), max(number) FROM audit") == "20|20|1|20");
    CHECK(one.by.run("SELECT last_number FROM audit_head") == "20");
    // The line follows the transaction, and each of the two servers could write it.
    while (one.log.count("audit_chain_begun") == 0) {
    }
    first.reset();
    second.reset();
    CHECK(one.log.count("audit_chain_begun") == 1);
}

TEST_CASE("no role of a program can change or delete a row of audit")
{
    NEEDS_POSTGRESQL();
    sealed_database one;
    one.add("bob");
    for (auto const* role : {"node", "porterctl"}) {
        auto session = one.database.session_of(role);
        for (auto const* statement :
             {"UPDATE porter.audit SET actor = 'user'", "DELETE FROM porter.audit", "TRUNCATE porter.audit",
              "INSERT INTO porter.audit (actor, action) VALUES ('user', 'x')",
              "UPDATE porter.audit_head SET tag = NULL", "SELECT porter.append_audit('x', NULL, '', '', NULL, NULL)",
              "SELECT porter.restart_audit()"}) {
            INFO(role << ": " << statement);
            CHECK(session.error_of(statement).find("permission denied") != std::string::npos);
        }
    }
}

TEST_CASE("a server cannot delete rows of the last day and deletes older ones so that its chain goes on")
{
    NEEDS_POSTGRESQL();
    sealed_database one;
    for (auto const* name : {"bob", "carol"}) one.add(name);
    one.by.run("UPDATE audit SET at = at - 100000 WHERE account = 'bob'");
    auto server = one.open();
    one.await_sealed();
    auto session = one.database.session_of("node");
    CHECK(session.error_of("SELECT porter.prune_audit(0, 2, '\\x00', 2, '\\x00')").find("a day at least") !=
          std::string::npos);
    server.reset();
    // A tag of a head with another number of deleted rows would break the chain.
    CHECK(session.run(
              "SELECT porter.seal_audit(1, last_number, last_seal, '{}', '{}', '\\x00') FROM porter.audit_head") ==
          "f");
    server = one.open(std::chrono::days{1});
    while (one.by.run("SELECT count(*) FROM audit") != "1") {
    }
    CHECK(one.by.run("SELECT pruned_number, last_number FROM audit_head") == "1|2");
    CHECK(one.log.count("audit_not_sealed") == 0);
    one.add("dave");
    one.await_sealed();
    CHECK(one.by.run("SELECT last_number FROM audit_head") == "3");
}

TEST_CASE("a table that is emptied and a chain that begins anew are rows")
{
    NEEDS_POSTGRESQL();
    sealed_database one;
    one.by.run("TRUNCATE bans");
    one.by.run("SELECT restart_audit()");
    CHECK(one.by.run("SELECT string_agg(action || ' ' || object, ', ' ORDER BY id) FROM audit") ==
          "table_truncated bans, chain_begun ");
}

TEST_CASE("a server does not go on with a chain that was changed")
{
    NEEDS_POSTGRESQL();
    sealed_database one;
    one.add("bob");
    auto server = one.open();
    one.await_sealed();
    server.reset();
    one.by.run("UPDATE audit_head SET last_number = 0");
    one.add("carol");
    server = one.open();
    while (one.log.count("audit_not_sealed") == 0) {
    }
    CHECK(one.by.run("SELECT count(*) FROM audit WHERE number IS NULL") == "1");
}
