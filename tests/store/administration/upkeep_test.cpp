// Opening, checking and copying the file itself.
#include <algorithm>

#include "store/administration/admin_fixture.hpp"
#include "store/sqlite/administration/status.hpp"

using namespace porter::testing;
using porter::start_errc;
using porter::start_error;

namespace {

bool go_on(std::uint64_t, std::uint64_t)
{
    return true;
}

/// The faults that the check finds after a statement in the shell.
std::string faults_after(std::string const& sql)
{
    admin_fixture admin;
    admin.run_sql(sql);
    std::string all;
    for (auto const& one : admin.db().find_faults()) all += one + '\n';
    return all;
}

}  // namespace

TEST_CASE("a database as porterd makes it has no faults")
{
    CHECK(faults_after("SELECT 1").empty());
    CHECK(faults_after("CREATE TABLE notes (text)").empty());
}

TEST_CASE("missing and changed schema objects are found")
{
    CHECK(faults_after("DROP TRIGGER session_ended") == "the trigger session_ended is missing\n");
    CHECK(faults_after("DROP INDEX sessions_by_end") == "the index sessions_by_end is missing\n");
    CHECK(faults_after("DROP VIEW account_list; CREATE VIEW account_list AS SELECT 1") ==
          "the view account_list is not as Porter made it\n");
    CHECK(faults_after("INSERT INTO schema_migrations VALUES (99, 'x', 0)").find("its version is") !=
          std::string::npos);
}

TEST_CASE("an account with a wrong key is found")
{
    auto const hash = std::string{"'$argon2id$v=19$m=19456,t=2,p=1$x$y'"};
    auto const keyless =
        faults_after("INSERT INTO accounts (name, folded_name, password_hash) VALUES ('Боб', 'Боб', " + hash + ")");
    CHECK(keyless.find("(Боб) has a wrong key") != std::string::npos);
}

TEST_CASE("wrong counts of hash costs are found")
{
    auto const counts = [](int counted, std::string const& cost, int stored) {
        return "password_costs counts " + std::to_string(counted) + " hashes of " + cost + ", and there are " +
               std::to_string(stored) + '\n';
    };
    auto const hash = "UPDATE accounts SET password_hash = '" + hash_text("m=19456,t=3") + "'";
    CHECK(faults_after(hash).empty());
    CHECK(faults_after(hash + "; DELETE FROM password_costs") == counts(0, "m=19456,t=3", 1));
    CHECK(faults_after(hash + "; UPDATE password_costs SET accounts = 7") == counts(7, "m=19456,t=3", 1));
    CHECK(faults_after("INSERT INTO password_costs VALUES (1024, 1, 2)") == counts(2, "m=1024,t=1", 0));
}

TEST_CASE("rows without their account are found")
{
    admin_fixture admin{admin_fixture::porterd::open};
    REQUIRE(admin.database.run(admin.ports.sessions.open(session_of(admin.alice, 1))));
    admin.database.close();
    admin.run_sql("DROP TRIGGER account_deleted; DELETE FROM accounts");
    auto const faults = admin.db().find_faults();
    CHECK(std::ranges::find(faults, "1 rows of sessions belong to rows that accounts does not have") != faults.end());
}

TEST_CASE("an administrator's connection keeps the write-ahead log")
{
    admin_fixture admin;
    auto const log = std::filesystem::path{admin.database.options.path.string() + "-wal"};
    std::uintmax_t size = 0;
    for (std::string const name : {"Alice", "ALICE"}) {
        auto db = open_to_write(admin.database.options);
        REQUIRE(db->rename_account(admin.alice.id, name, "alice"));
        db.reset();  // the last to close
        REQUIRE(std::filesystem::exists(log));
        CHECK(std::filesystem::file_size(log) > size);
        size = std::filesystem::file_size(log);
    }
}

TEST_CASE("a backup is one private file with all committed data")
{
    admin_fixture admin{admin_fixture::porterd::open};
    auto const file = admin.database.folder.path() / "copy.db";
    std::uint64_t copied = 0;
    REQUIRE(admin.db().back_up(file, [&](std::uint64_t done, std::uint64_t total) {
        CHECK(done <= total);
        copied = done;
        return true;
    }));
    CHECK(copied == std::filesystem::file_size(file));
    CHECK(mode_of(file) == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    CHECK(shell{file}.run("SELECT name FROM accounts; PRAGMA integrity_check") == "alice\nok");
    CHECK_FALSE(std::filesystem::exists(file.string() + "-wal"));
}

TEST_CASE("writes during a backup do not restart it")
{
    admin_fixture admin{admin_fixture::porterd::open};
    admin.run_sql(
        "CREATE TABLE ballast (bytes); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
        "1000) INSERT INTO ballast SELECT zeroblob(4096) FROM n");
    int looks = 0;
    auto const file = admin.database.folder.path() / "copy.db";
    REQUIRE(admin.db().back_up(file, [&](std::uint64_t, std::uint64_t) {
        auto const name = "user" + std::to_string(++looks);
        CHECK(admin.database.register_account(name, looks));
        return looks < 50;  // otherwise a restarting copy would not end
    }));
    CHECK(looks > 2);
    CHECK(shell{file}.run("SELECT name FROM accounts; PRAGMA integrity_check") == "alice\nok");
}

TEST_CASE("a backup replaces no file and leaves none when it fails")
{
    admin_fixture admin;
    auto const file = admin.database.folder.path() / "copy.db";
    CHECK_FALSE(admin.db().back_up(file, [](std::uint64_t, std::uint64_t) { return false; }));
    CHECK_FALSE(std::filesystem::exists(file));
    write_file(file, "precious");
    try {
        admin.db().back_up(file, go_on);
        FAIL("it was replaced");
    } catch (start_error const& refused) {
        CHECK(refused.code() == start_errc::cannot_create);
    }
    CHECK(content_of(file) == "precious");
    CHECK(std::ranges::none_of(
        std::filesystem::directory_iterator{admin.database.folder.path()},
        [](auto const& entry) { return entry.path().string().find("partial") != std::string::npos; }));
}

TEST_CASE("the status counts accounts and bytes")
{
    admin_fixture admin;
    REQUIRE(admin.db().disable_account(admin.alice.id, at(0)));
    auto const status = admin.db().status();
    CHECK(status.version == status.newest);
    CHECK(status.migrations.size() == static_cast<std::size_t>(status.newest));
    CHECK(status.accounts == 1);
    CHECK(status.disabled_accounts == 1);
    auto const sizes = administration::sizes_of(admin.database.options.path);
    CHECK(sizes.file_bytes > 0);
    CHECK(sizes.log_bytes > 0);
}
