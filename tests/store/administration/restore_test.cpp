// Promise S13 of SECURITY.md.
#include "store/sqlite/administration/restore.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "store/administration/admin_fixture.hpp"
#include "store/sqlite/administration/open.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/sqlite_error.hpp"

using namespace porter::testing;
using porter::start_errc;
using porter::start_error;
using porter::detail::store::administration_errc;
using porter::detail::store::administration_error;
using porter::detail::store::sqlite::database;

namespace {

bool go_on(std::uint64_t, std::uint64_t)
{
    return true;
}

/// Another process that tries to open the database as porterctl and as porterd do, when is_kept_out() is called.
class other_program {
public:
    explicit other_program(database_fixture& fixture)
    {
        REQUIRE(::pipe(start_.data()) == 0);
        process_ = ::fork();
        REQUIRE(process_ >= 0);
        if (process_ != 0) {
            ::close(start_[0]);
            return;
        }
        ::close(start_[1]);
        char nothing = 0;
        bool const is_signalled = ::read(start_[0], &nothing, 1) == 0;
        ::_exit(is_signalled && !can_change(fixture) && !can_start(fixture) ? 0 : 1);
    }

    /// Whether both failed.
    bool is_kept_out()
    {
        ::close(start_[1]);
        int status = -1;
        ::waitpid(process_, &status, 0);
        return status == 0;
    }

private:
    static bool can_change(database_fixture& fixture)
    {
        try {
            auto const db = open_to_write(fixture.options);
            return true;
        } catch (administration_error const& problem) {
            return problem.code() != administration_errc::unavailable;
        }
    }

    static bool can_start(database_fixture& fixture)
    {
        try {
            fixture.open();
            return true;
        } catch (start_error const&) {
            return false;
        }
    }

    std::array<int, 2> start_{};
    ::pid_t process_ = -1;
};

/// A database and its backup with alice and the sessions 1 and 2. Since the backup session 2 ended, and bob was added
/// with session 3.
struct backup_fixture {
    backup_fixture()
    {
        first = open(admin.alice, 1);
        second = open(admin.alice, 2);
        REQUIRE(admin.db().back_up(backup, go_on));
        REQUIRE(admin.database.run(admin.ports.sessions.end(admin.alice.id, second)));
        auto const bob = admin.database.add(account_of("bob"));
        later_account = bob.id;
        third = open(bob, 3);
    }

    porter::detail::store::session_id open(porter::detail::store::account const& owner, int number)
    {
        auto const opened = admin.database.run(admin.ports.sessions.open(session_of(owner, number)));
        REQUIRE(opened);
        return opened->id;
    }

    /// Closes the database.
    void close()
    {
        admin.disconnect();
        admin.database.close();
    }

    administration::restored restore()
    {
        auto const done = administration::restore(admin.database.options, backup, go_on);
        REQUIRE(done);
        return *done;
    }

    std::string stored(std::string const& sql) { return shell{admin.database.options.path}.run(sql); }

    admin_fixture admin{admin_fixture::porterd::open};
    std::filesystem::path backup = admin.database.folder.path() / "backup.db";
    porter::detail::store::session_id first = 0;
    porter::detail::store::session_id second = 0;
    porter::detail::store::session_id third = 0;
    porter::detail::store::account_id later_account = 0;
};

}  // namespace

TEST_CASE("a restored database has the backup's content without sessions that ended since")
{
    backup_fixture fixture;
    fixture.close();
    auto const done = fixture.restore();
    CHECK(done.accounts == 1);
    CHECK(done.sessions == 1);
    CHECK(done.sessions_ended == 1);
    CHECK(done.was_readable);
    CHECK(fixture.stored("SELECT name FROM accounts") == "alice");
    CHECK(fixture.stored("SELECT id FROM sessions") == std::to_string(fixture.first));
    CHECK(fixture.stored("PRAGMA integrity_check") == "ok");
    CHECK(mode_of(fixture.admin.database.options.path) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("codes that were spent or taken back since the backup stay so")
{
    backup_fixture fixture;
    fixture.admin.run_sql(
        "INSERT INTO invitations (code_digest, uses, expires_at) VALUES (randomblob(32), 3, unixepoch() + 900),"
        " (randomblob(32), 1, unixepoch() + 900), (randomblob(32), 1, unixepoch() + 900);"
        "INSERT INTO password_resets (account_id, code_digest, expires_at) SELECT id, randomblob(32), unixepoch() + 900"
        " FROM accounts WHERE name = 'alice';"
        "INSERT INTO second_factors (account_id, sealed_secret, last_step) SELECT account_id, x'01', 1"
        " FROM password_resets;"
        "INSERT INTO recovery_codes (account_id, digest) SELECT account_id, zeroblob(32) FROM second_factors;"
        "INSERT INTO recovery_codes (account_id, digest) SELECT account_id, randomblob(32) FROM second_factors");
    std::filesystem::remove(fixture.backup);
    REQUIRE(fixture.admin.db().back_up(fixture.backup, go_on));
    fixture.admin.run_sql(
        "UPDATE invitations SET used = 2 WHERE id = 1; DELETE FROM invitations WHERE id = 2;"
        "DELETE FROM password_resets; UPDATE recovery_codes SET used_by = 7 WHERE digest = zeroblob(32)");
    fixture.close();
    bool const is_readable = GENERATE(true, false);
    if (!is_readable) std::filesystem::remove(fixture.admin.database.options.path);
    fixture.restore();
    CHECK(fixture.stored("SELECT id, used, uses FROM invitations ORDER BY id") == (is_readable ? "1|2|3\n3|0|1" : ""));
    CHECK(fixture.stored("SELECT count(*) FROM password_resets") == "0");
    CHECK(fixture.stored("SELECT count(*) FROM recovery_codes WHERE used_by IS NULL") == (is_readable ? "1" : "2"));
}

TEST_CASE("a restore is a row of audit and so is each session that it ends")
{
    backup_fixture fixture;
    fixture.close();
    fixture.admin.database.options.actor = "porterctl root";
    fixture.restore();
    CHECK(fixture.stored("SELECT actor, object, before, after FROM audit WHERE action = 'database_restored'") ==
          "porterctl root|" + fixture.backup.string() + "|last_number=0|last_number=0");
    CHECK(fixture.stored("SELECT actor, object FROM audit WHERE action = 'session_ended'") ==
          "porterctl root|session " + std::to_string(fixture.second));
}

TEST_CASE("ids that were used since the backup are not reused")
{
    backup_fixture fixture;
    fixture.close();
    fixture.restore();
    fixture.admin.database.open();
    auto const opened = fixture.admin.database.register_account("carol", 9);
    REQUIRE(opened);
    CHECK(opened->account > fixture.later_account);
    CHECK(opened->id > fixture.third);
}

TEST_CASE("the previous database is kept with the content of its log")
{
    backup_fixture fixture;
    auto const killed = fixture.admin.database.folder.path() / "killed";
    std::filesystem::create_directory(killed);
    for (auto const* suffix : {"", "-wal"}) {
        std::filesystem::copy_file(fixture.admin.database.options.path.string() + suffix,
                                   killed.string() + "/porter.db" + suffix);
    }
    fixture.close();
    fixture.admin.database.options.path = killed / "porter.db";
    auto const done = fixture.restore();
    CHECK(done.sessions == 1);  // the end of the second is in the log alone
    CHECK(fixture.stored("SELECT name FROM accounts") == "alice");
    CHECK_FALSE(fixture.admin.database.check());
    CHECK(shell{done.set_aside}.run("SELECT name FROM accounts ORDER BY id") == "alice\nbob");
    CHECK_FALSE(std::filesystem::exists(fixture.admin.database.options.path.string() + "-wal"));
    CHECK_FALSE(std::filesystem::exists(done.set_aside.string() + "-wal"));
    CHECK(std::ranges::none_of(std::filesystem::directory_iterator{killed}, [](auto const& entry) {
        return entry.path().string().find("partial") != std::string::npos;
    }));
}

TEST_CASE("a restore over an unreadable database ends every session")
{
    backup_fixture fixture;
    fixture.close();
    auto const missing = GENERATE(true, false);
    std::filesystem::remove(fixture.admin.database.options.path);
    if (!missing) {
        write_file(fixture.admin.database.options.path, std::string(8192, 'x'));
        std::filesystem::permissions(fixture.admin.database.options.path,
                                     std::filesystem::perms::owner_write | std::filesystem::perms::owner_read);
    }
    auto const done = fixture.restore();
    CHECK_FALSE(done.was_readable);
    CHECK(done.accounts == 1);
    CHECK(done.sessions == 0);
    CHECK(done.sessions_ended == 2);
    CHECK(done.set_aside.empty() == missing);
    fixture.admin.database.open();
    CHECK(fixture.admin.database.add(account_of("carol")).id > fixture.later_account);
}

TEST_CASE("an invalid backup is not restored and nothing is changed")
{
    backup_fixture fixture;
    fixture.close();
    auto const before = content_of(fixture.admin.database.options.path);
    auto const content = GENERATE(std::string{}, std::string(8192, 'x'));
    write_file(fixture.backup, content);
    CHECK_THROWS_AS(administration::restore(fixture.admin.database.options, fixture.backup, go_on), start_error);
    CHECK(content_of(fixture.admin.database.options.path) == before);
    CHECK_THROWS_AS(administration::restore(fixture.admin.database.options, fixture.backup.string() + "-none", go_on),
                    start_error);
    CHECK(content_of(fixture.admin.database.options.path) == before);
}

TEST_CASE("a database that others could have written is not replaced")
{
    backup_fixture fixture;
    fixture.close();
    std::filesystem::permissions(fixture.admin.database.options.path, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
    try {
        administration::restore(fixture.admin.database.options, fixture.backup, go_on);
        FAIL("it was replaced");
    } catch (start_error const& refused) {
        CHECK(refused.code() == start_errc::configuration);
    }
    CHECK(fixture.stored("SELECT count(*) FROM accounts") == "2");
}

TEST_CASE("no other program can open the database during a restore")
{
    backup_fixture fixture;
    fixture.close();
    fixture.admin.database.options.busy_timeout = std::chrono::milliseconds{1};
    fixture.admin.database.options.start_timeout = std::chrono::milliseconds{1};
    other_program other{fixture.admin.database};
    std::optional<bool> is_kept_out;
    auto const done =
        administration::restore(fixture.admin.database.options, fixture.backup, [&](std::uint64_t, std::uint64_t) {
            if (!is_kept_out) is_kept_out = other.is_kept_out();
            return true;
        });
    CHECK(done.has_value());
    CHECK(is_kept_out == true);
    CHECK(fixture.stored("SELECT name FROM accounts") == "alice");
}

TEST_CASE("a database that a program has open is not replaced")
{
    backup_fixture fixture;
    fixture.admin.database.close();
    fixture.admin.database.options.busy_timeout = std::chrono::milliseconds{1};
    try {
        administration::restore(fixture.admin.database.options, fixture.backup, go_on);
        FAIL("it was replaced");
    } catch (administration_error const& problem) {
        CHECK(problem.code() == administration_errc::unavailable);
    }
}

TEST_CASE("a file that was created during a restore is not replaced")
{
    backup_fixture fixture;
    fixture.close();
    auto const& file = fixture.admin.database.options.path;
    std::filesystem::remove(file);
    auto const create_file = [&](std::uint64_t, std::uint64_t) {
        write_file(file, "another program's");
        return true;
    };
    CHECK_THROWS_AS(administration::restore(fixture.admin.database.options, fixture.backup, create_file), start_error);
    CHECK(content_of(file) == "another program's");
}

TEST_CASE("a file that was replaced while it was being opened is rejected")
{
    backup_fixture fixture;
    fixture.close();
    auto const opened = administration::open_existing(fixture.admin.database.options, database::access::read_write);
    CHECK_NOTHROW(porter::detail::store::sqlite::reject_replaced(*opened));
    std::filesystem::rename(fixture.backup, fixture.admin.database.options.path);
    try {
        porter::detail::store::sqlite::reject_replaced(*opened);
        FAIL("it was taken");
    } catch (porter::detail::store::sqlite::error const& problem) {
        CHECK(problem.is_busy());
    }
}

TEST_CASE("nothing is written into a database that was replaced")
{
    backup_fixture fixture;
    fixture.close();
    auto const opened = open_to_write(fixture.admin.database.options);
    std::filesystem::rename(fixture.backup, fixture.admin.database.options.path);
    try {
        opened->end_sessions(1);
        FAIL("it was written");
    } catch (administration_error const& problem) {
        CHECK(problem.code() == administration_errc::unavailable);
    }
}
