// Promise P8 of SECURITY.md: the costs of hashes are known, however and whenever they were written.
#include <string>

#include "store/sqlite/database_fixture.hpp"
#include "store/sqlite/migration.hpp"
#include "store/sqlite/migrator.hpp"

using namespace porter::testing;
using porter::detail::store::sqlite::database;
using porter::detail::store::sqlite::migrate;
using porter::detail::store::sqlite::migrations;

namespace {

constexpr auto all_costs = "SELECT * FROM password_costs ORDER BY memory_kib, passes";

std::string insert(std::string const& name, std::string const& hash)
{
    return "INSERT INTO accounts (name, folded_name, password_hash) VALUES ('" + name + "', '" + name + "', '" + hash +
           "');";
}

}  // namespace

TEST_CASE("migrating a database of version 3 counts the costs of its hashes")
{
    database_fixture fixture;
    write_file(fixture.options.path, "");
    {
        database db{fixture.options.path, database::access::read_write};
        migrate(db, fixture.options.path, migrations().first(3), fixture.log);
        db.execute(insert("alice", hash_text("m=19456,t=2")) + insert("bob", hash_text("m=19456,t=2")) +
                   insert("carol", hash_text("m=65536,t=3")) + insert("dave", "h") +
                   insert("erin", hash_text("m=019456,t=2")));
    }
    fixture.open();
    CHECK(fixture.administrator().run(all_costs) == "19456|2|2\n65536|3|1");
    CHECK(fixture.administrator().run("SELECT name, memory_kib, passes FROM account_costs ORDER BY id") ==
          "alice|19456|2\nbob|19456|2\ncarol|65536|3");
}

TEST_CASE("costs that are written by hand are known to the store at once")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    auto const run_sql = [&](std::string const& sql) { return fixture.administrator().run(sql); };
    auto const known = [&] { return fixture.run(ports.accounts.find_claimed("nobody"))->hash_costs.size(); };
    run_sql(insert("alice", hash_text("m=8,t=1")) + insert("bob", hash_text("m=8,t=1")) + insert("carol", "plain"));
    CHECK(run_sql(all_costs) == "8|1|2");
    CHECK(known() == 1);
    run_sql("UPDATE accounts SET password_hash = replace(password_hash, 't=1', 't=2') WHERE name = 'alice'");
    CHECK(run_sql(all_costs) == "8|1|1\n8|2|1");
    CHECK(known() == 2);
    run_sql("UPDATE accounts SET password_hash = '" + hash_text("m=16,t=1") + "'");
    CHECK(run_sql(all_costs) == "16|1|3");
    run_sql("UPDATE accounts SET password_hash = password_hash, failed_since = 1");
    CHECK(run_sql(all_costs) == "16|1|3");
    run_sql("UPDATE accounts SET password_hash = 'none' WHERE name = 'bob'; DELETE FROM accounts WHERE name = 'carol'");
    CHECK(run_sql(all_costs) == "16|1|1");
    run_sql("DELETE FROM accounts");
    CHECK(run_sql(all_costs).empty());
    CHECK(known() == 0);
}

TEST_CASE("a rollback changes no cost")
{
    database_fixture fixture;
    fixture.open();
    auto const run_sql = [&](std::string const& sql) { return fixture.administrator().run(sql); };
    run_sql(insert("alice", hash_text("m=8,t=1")));
    run_sql("BEGIN; UPDATE accounts SET password_hash = 'none'; DELETE FROM accounts; ROLLBACK");
    CHECK(fixture.administrator().error_of(insert("alice", hash_text("m=8,t=2"))) != "");
    CHECK(run_sql(all_costs) == "8|1|1");
}
