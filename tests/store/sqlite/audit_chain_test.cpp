// What seals the rows of audit in a file, and when it does not (promise P14).
#include <filesystem>

#include "store/audit_key.hpp"
#include "store/sqlite/audit_chain.hpp"
#include "store/sqlite/audited_transaction.hpp"
#include "store/sqlite/database_fixture.hpp"

using namespace porter::testing;
namespace sqlite = porter::detail::store::sqlite;
namespace store = porter::detail::store;

namespace {

/// A database with a chain, which a porterd has begun and left.
class chain_fixture : public database_fixture {
public:
    chain_fixture()
    {
        options.audit_key_file = folder.path() / "audit.key";
        run_porterd();
    }

    /// Starts porterd, which seals what it finds before it ends.
    void run_porterd()
    {
        open();
        close();
    }

    std::string sql(std::string const& text) { return administrator().run(text); }

    std::string unsealed() { return sql("SELECT count(*) FROM audit WHERE seal IS NULL"); }

    void add(std::string const& name)
    {
        sql("INSERT INTO accounts (name, folded_name, password_hash) VALUES ('" + name + "', '" + name + "', 'h')");
    }
};

}  // namespace

TEST_CASE("the first start makes a private key and begins the chain and the next one goes on with it")
{
    chain_fixture file;
    CHECK(mode_of(file.options.audit_key_file) == std::filesystem::perms{0600});
    CHECK(file.log.count("audit_chain_begun") == 1);
    CHECK(file.unsealed() == "0");
    file.add("bob");
    CHECK(file.unsealed() == "1");
    file.run_porterd();
    CHECK(file.log.count("audit_chain_begun") == 1);
    CHECK(file.unsealed() == "0");
    CHECK(file.sql("SELECT last_number FROM audit_head") == "2");
    CHECK(file.log.count("audit_sealed") == 2);
}

TEST_CASE("a sealed row cannot be changed or deleted by a slip of the hand")
{
    chain_fixture file;
    CHECK(file.administrator().error_of("UPDATE audit SET actor = 'user'") == "a sealed row of audit never changes");
    CHECK(file.administrator().error_of("DELETE FROM audit") == "porterd deletes rows of audit after --audit-keep");
}

TEST_CASE("porterd does not go on with a chain that was cut")
{
    chain_fixture file;
    file.sql("UPDATE audit_head SET tag = NULL, last_number = 0, last_id = 0");
    file.add("bob");
    file.run_porterd();
    CHECK(file.log.count("audit_not_sealed") == 1);
    CHECK(file.unsealed() == "1");
}

TEST_CASE("a head that is removed while porterd runs is noticed")
{
    chain_fixture file;
    file.open();
    CHECK(file.administrator().error_of("DELETE FROM audit_head") == "the head of the chain of audit is not deleted");
    file.sql("DROP TRIGGER audit_head_is_not_deleted");
    file.sql("DELETE FROM audit_head");
    file.add("bob");
    while (file.log.count("audit_not_sealed") == 0) {
    }
    file.close();
    CHECK(file.log.count("audit_not_sealed") == 1);
    CHECK(file.unsealed() == "1");
}

TEST_CASE("a new database beside the key of an earlier one has a chain")
{
    chain_fixture file;
    for (auto const* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.options.path.string() + suffix);
    file.run_porterd();
    CHECK(file.log.count("audit_chain_begun") == 2);
    CHECK(file.log.count("audit_not_sealed") == 0);
    CHECK(file.unsealed() == "0");
}

TEST_CASE("a change that is typed in two steps with a seal between them is two rows")
{
    chain_fixture file;
    file.add("bob");
    file.sql("UPDATE accounts SET name = char(1), folded_name = char(1)");
    file.run_porterd();
    file.sql("UPDATE accounts SET name = 'carol', folded_name = 'carol'");
    CHECK(file.sql("SELECT after FROM audit WHERE action = 'account_renamed' AND seal IS NULL") == "name='carol'");
}

TEST_CASE("what opens an account to another user is a row when it is typed and none at a login")
{
    chain_fixture file;
    file.open();
    REQUIRE(file.register_account("bob", 1));
    file.close();
    constexpr auto openings = "SELECT count(*) FROM audit WHERE action IN ('session_opened', 'session_kept')";
    CHECK(file.sql(openings) == "0");
    file.sql(
        "INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
        " credential_version) SELECT account_id, randomblob(32), created_at, last_used_at, expires_at, address,"
        " transport, credential_version FROM sessions");
    CHECK(file.sql(openings) == "1");
    file.sql("UPDATE sessions SET last_used_at = last_used_at + 1");
    CHECK(file.sql(openings) == "1");
    file.sql("UPDATE sessions SET credential_version = 2");
    CHECK(file.sql(openings) == "3");
}

TEST_CASE("without its key the chain begins anew with the rows that are there")
{
    chain_fixture file;
    file.add("bob");
    file.run_porterd();
    std::filesystem::remove(file.options.audit_key_file);
    file.run_porterd();
    CHECK(file.log.count("audit_chain_begun") == 2);
    CHECK(file.unsealed() == "0");
    CHECK(file.sql("SELECT count(*) FROM audit WHERE action = 'chain_begun'") == "2");
}

TEST_CASE("a key that other users can read is refused")
{
    chain_fixture file;
    std::filesystem::permissions(file.options.audit_key_file, std::filesystem::perms{0640});
    auto const error = file.open_error();
    REQUIRE(error);
    CHECK(error->code() == porter::start_errc::configuration);
    CHECK(file.check());
}

TEST_CASE("old rows are deleted and the rest is verified from there")
{
    chain_fixture file;
    // Aged before they are sealed: the chain begins anew with them.
    for (auto const* name : {"bob", "carol"}) file.add(name);
    std::filesystem::remove(file.options.audit_key_file);
    file.sql("DROP TRIGGER audit_is_not_changed");
    file.sql("UPDATE audit SET at = at - 5000 WHERE account <> 'carol'");
    file.run_porterd();
    file.options.audit_keep = std::chrono::seconds{1'000};
    file.run_porterd();
    CHECK(file.sql("SELECT count(*) FROM audit WHERE account = 'bob'") == "0");
    CHECK(file.sql("SELECT count(*) FROM audit WHERE account = 'carol'") == "1");
    CHECK(file.log.count("audit_pruned") == 1);

    sqlite::database db{file.options.path, sqlite::database::access::read_only};
    store::audit_verifier verifier{sqlite::read_audit_head(db), *store::read_audit_key(file.options.audit_key_file)};
    sqlite::statement row{db,
                          "SELECT id, at, actor, action, account_id, account, object, before, after, number, seal"
                          " FROM audit ORDER BY id"};
    while (row.step()) verifier.check(sqlite::read_audit_row(row));
    CHECK(verifier.finish().faults.empty());
}
