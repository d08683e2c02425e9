// Promise S13 of SECURITY.md.
#include "store/sqlite/administration/restore.hpp"
#include "store/sqlite/administration/sessions.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "store/administration/admin_fixture.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/sqlite_error.hpp"

using namespace porter::testing;
using porter::start_errc;
using porter::start_error;

namespace {

bool go_on(std::uint64_t, std::uint64_t)
{
    return true;
}

/// Another process that tries to open the database, to change it and as porterd does, when it is told to.
class other_program {
public:
    explicit other_program(database_fixture& here)
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
        bool const told = ::read(start_[0], &nothing, 1) == 0;
        ::_exit(told && !can_change(here) && !can_start(here) ? 0 : 1);
    }

    /// Whether both were refused.
    bool is_kept_out()
    {
        ::close(start_[1]);
        int status = -1;
        ::waitpid(process_, &status, 0);
        return status == 0;
    }

private:
    static bool can_change(database_fixture& here)
    {
        try {
            auto const db = administration::open_to_write(here.rules);
            return true;
        } catch (porter::detail::store::sqlite::error const& problem) {
            return !problem.is_busy();
        }
    }

    static bool can_start(database_fixture& here)
    {
        try {
            here.open();
            return true;
        } catch (start_error const&) {
            return false;
        }
    }

    std::array<int, 2> start_{};
    ::pid_t process_ = -1;
};

/// A database of which there is a backup with alice and her sessions 1 and 2; since then session 2 ended, and bob came
/// with session 3.
struct with_backup {
    with_backup()
    {
        first = open(admin.alice, 1);
        second = open(admin.alice, 2);
        REQUIRE(administration::back_up(admin.db(), backup, go_on));
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

    /// No program has it open any more.
    void close()
    {
        admin.leave();
        admin.database.close();
    }

    administration::restored restore()
    {
        auto const done = administration::restore(admin.database.rules, backup, go_on);
        REQUIRE(done);
        return *done;
    }

    std::string stored(std::string const& sql) { return shell{admin.database.rules.path}.run(sql); }

    admin_fixture admin{admin_fixture::porterd::open};
    std::filesystem::path backup = admin.database.folder.path() / "backup.db";
    porter::detail::store::session_id first = 0;
    porter::detail::store::session_id second = 0;
    porter::detail::store::session_id third = 0;
    porter::detail::store::account_id later_account = 0;
};

}  // namespace

TEST_CASE("a restored database has what the backup has but no session that ended since")
{
    with_backup those;
    those.close();
    auto const done = those.restore();
    CHECK(done.accounts == 1);
    CHECK(done.sessions == 1);
    CHECK(done.sessions_ended == 1);
    CHECK(done.was_readable);
    CHECK(those.stored("SELECT name FROM accounts") == "alice");
    CHECK(those.stored("SELECT id FROM sessions") == std::to_string(those.first));
    CHECK(those.stored("PRAGMA integrity_check") == "ok");
    CHECK(mode_of(those.admin.database.rules.path) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("ids that were given since the backup are not given again")
{
    with_backup those;
    those.close();
    those.restore();
    those.admin.database.open();
    auto const opened = those.admin.database.register_account("carol", 9);
    REQUIRE(opened);
    CHECK(opened->account > those.later_account);
    CHECK(opened->id > those.third);
}

TEST_CASE("the database before is kept with what its log held")
{
    with_backup those;
    auto const killed = those.admin.database.folder.path() / "killed";
    std::filesystem::create_directory(killed);
    for (auto const* suffix : {"", "-wal"}) {
        std::filesystem::copy_file(those.admin.database.rules.path.string() + suffix,
                                   killed.string() + "/porter.db" + suffix);
    }
    those.close();
    those.admin.database.rules.path = killed / "porter.db";
    auto const done = those.restore();
    CHECK(done.sessions == 1);  // that the second ended stands in the log alone
    CHECK(those.stored("SELECT name FROM accounts") == "alice");
    CHECK_FALSE(those.admin.database.check());
    CHECK(shell{done.set_aside}.run("SELECT name FROM accounts ORDER BY id") == "alice\nbob");
    CHECK_FALSE(std::filesystem::exists(those.admin.database.rules.path.string() + "-wal"));
    CHECK_FALSE(std::filesystem::exists(done.set_aside.string() + "-wal"));
    CHECK(std::ranges::none_of(std::filesystem::directory_iterator{killed}, [](auto const& entry) {
        return entry.path().string().find("partial") != std::string::npos;
    }));
}

TEST_CASE("in place of a database that cannot be read every session is ended")
{
    with_backup those;
    those.close();
    auto const missing = GENERATE(true, false);
    std::filesystem::remove(those.admin.database.rules.path);
    if (!missing) {
        write_file(those.admin.database.rules.path, std::string(8192, 'x'));
        std::filesystem::permissions(those.admin.database.rules.path,
                                     std::filesystem::perms::owner_write | std::filesystem::perms::owner_read);
    }
    auto const done = those.restore();
    CHECK_FALSE(done.was_readable);
    CHECK(done.accounts == 1);
    CHECK(done.sessions == 0);
    CHECK(done.sessions_ended == 2);
    CHECK(done.set_aside.empty() == missing);
    those.admin.database.open();
    CHECK(those.admin.database.add(account_of("carol")).id > those.later_account);
}

TEST_CASE("what is no sound backup of ours is not restored and nothing is changed")
{
    with_backup those;
    those.close();
    auto const before = content_of(those.admin.database.rules.path);
    auto const content = GENERATE(std::string{}, std::string(8192, 'x'));
    write_file(those.backup, content);
    CHECK_THROWS_AS(administration::restore(those.admin.database.rules, those.backup, go_on), start_error);
    CHECK(content_of(those.admin.database.rules.path) == before);
    CHECK_THROWS_AS(administration::restore(those.admin.database.rules, those.backup.string() + "-none", go_on),
                    start_error);
    CHECK(content_of(those.admin.database.rules.path) == before);
}

TEST_CASE("a database that others could have written is not replaced")
{
    with_backup those;
    those.close();
    std::filesystem::permissions(those.admin.database.rules.path, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
    try {
        administration::restore(those.admin.database.rules, those.backup, go_on);
        FAIL("it was replaced");
    } catch (start_error const& refused) {
        CHECK(refused.code() == start_errc::configuration);
    }
    CHECK(those.stored("SELECT count(*) FROM accounts") == "2");
}

TEST_CASE("no other program can open the database while it is being replaced")
{
    with_backup those;
    those.close();
    those.admin.database.rules.busy_timeout = std::chrono::milliseconds{1};
    other_program other{those.admin.database};
    std::optional<bool> is_kept_out;
    auto const done =
        administration::restore(those.admin.database.rules, those.backup, [&](std::uint64_t, std::uint64_t) {
            if (!is_kept_out) is_kept_out = other.is_kept_out();
            return true;
        });
    CHECK(done.has_value());
    CHECK(is_kept_out == true);
    CHECK(those.stored("SELECT name FROM accounts") == "alice");
}

TEST_CASE("a database that a program has open is not replaced")
{
    with_backup those;
    those.admin.database.close();
    those.admin.database.rules.busy_timeout = std::chrono::milliseconds{1};
    try {
        administration::restore(those.admin.database.rules, those.backup, go_on);
        FAIL("it was replaced");
    } catch (porter::detail::store::sqlite::error const& problem) {
        CHECK(problem.is_busy());
    }
}

TEST_CASE("a file that was made while a backup was put in the place of none is not replaced")
{
    with_backup those;
    those.close();
    auto const& file = those.admin.database.rules.path;
    std::filesystem::remove(file);
    auto const meanwhile = [&](std::uint64_t, std::uint64_t) {
        write_file(file, "another program's");
        return true;
    };
    CHECK_THROWS_AS(administration::restore(those.admin.database.rules, those.backup, meanwhile), start_error);
    CHECK(content_of(file) == "another program's");
}

TEST_CASE("a file that was replaced while it was being opened is refused")
{
    with_backup those;
    those.close();
    auto const opened = administration::open_to_write(those.admin.database.rules);
    CHECK_NOTHROW(porter::detail::store::sqlite::reject_replaced(*opened));
    std::filesystem::rename(those.backup, those.admin.database.rules.path);
    try {
        porter::detail::store::sqlite::reject_replaced(*opened);
        FAIL("it was taken");
    } catch (porter::detail::store::sqlite::error const& problem) {
        CHECK(problem.is_busy());
    }
}

TEST_CASE("nothing is written into a database that was replaced")
{
    with_backup those;
    those.close();
    auto const opened = administration::open_to_write(those.admin.database.rules);
    std::filesystem::rename(those.backup, those.admin.database.rules.path);
    try {
        administration::end_sessions(*opened, 1);
        FAIL("it was written");
    } catch (porter::detail::store::sqlite::error const& problem) {
        CHECK(problem.is_busy());
    }
}
