// Promise S13 of SECURITY.md.
#include "store/sqlite/administration/restore.hpp"

#include <algorithm>

#include "store/administration/desk.hpp"

using namespace porter::testing;
using porter::start_error;

namespace {

bool go_on(std::uint64_t, std::uint64_t)
{
    return true;
}

/// A database of which there is a backup with alice and her sessions 1 and 2; since then session 2 ended, and bob came
/// with session 3.
struct with_backup {
    with_backup()
    {
        first = open(admin.alice, 1);
        second = open(admin.alice, 2);
        REQUIRE(administration::back_up(admin.db(), backup, go_on));
        REQUIRE(admin.here.run(admin.ports.sessions.end(admin.alice.id, second)));
        auto const bob = admin.here.run(admin.ports.accounts.add(account_of("bob")));
        REQUIRE(bob);
        later_account = bob->id;
        third = open(*bob, 3);
    }

    porter::rooms::store::session_id open(porter::rooms::store::account const& owner, int number)
    {
        auto const opened = admin.here.run(admin.ports.sessions.open(session_of(owner, number)));
        REQUIRE(opened);
        return opened->id;
    }

    administration::restored restore()
    {
        auto const done = administration::restore(admin.here.rules, backup, go_on);
        REQUIRE(done);
        return *done;
    }

    std::string stored(std::string const& sql) { return shell{admin.here.rules.path}.run(sql); }

    desk admin{desk::porterd::open};
    std::filesystem::path backup = admin.here.folder.path() / "backup.db";
    porter::rooms::store::session_id first = 0;
    porter::rooms::store::session_id second = 0;
    porter::rooms::store::session_id third = 0;
    porter::rooms::store::account_id later_account = 0;
};

}  // namespace

TEST_CASE("a restored database has what the backup has but no session that ended since")
{
    with_backup those;
    those.admin.here.close();
    auto const done = those.restore();
    CHECK(done.accounts == 1);
    CHECK(done.sessions == 1);
    CHECK(done.sessions_ended == 1);
    CHECK(done.was_readable);
    CHECK(those.stored("SELECT name FROM accounts") == "alice");
    CHECK(those.stored("SELECT id FROM sessions") == std::to_string(those.first));
    CHECK(those.stored("PRAGMA integrity_check") == "ok");
    CHECK(mode_of(those.admin.here.rules.path) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("ids that were given since the backup are not given again")
{
    with_backup those;
    those.admin.here.close();
    those.restore();
    auto const ports = those.admin.here.open();
    auto const added = those.admin.here.run(ports.accounts.add(account_of("carol")));
    REQUIRE(added);
    CHECK(added->id > those.later_account);
    auto const opened = those.admin.here.run(ports.sessions.open(session_of(*added, 9)));
    REQUIRE(opened);
    CHECK(opened->id > those.third);
}

TEST_CASE("the database before is kept with the log beside it")
{
    with_backup those;
    auto const killed = those.admin.here.folder.path() / "killed";
    std::filesystem::create_directory(killed);
    for (auto const* suffix : {"", "-wal"}) {
        std::filesystem::copy_file(those.admin.here.rules.path.string() + suffix,
                                   killed.string() + "/porter.db" + suffix);
    }
    those.admin.here.close();
    those.admin.here.rules.path = killed / "porter.db";
    auto const done = those.restore();
    CHECK(done.sessions == 1);  // that the second ended stands in the log alone
    CHECK(those.stored("SELECT name FROM accounts") == "alice");
    CHECK_FALSE(those.admin.here.check());
    CHECK(shell{done.set_aside}.run("SELECT name FROM accounts ORDER BY id") == "alice\nbob");
    CHECK_FALSE(std::filesystem::exists(those.admin.here.rules.path.string() + "-wal"));
    CHECK(std::ranges::none_of(std::filesystem::directory_iterator{killed}, [](auto const& entry) {
        return entry.path().string().find("partial") != std::string::npos;
    }));
}

TEST_CASE("in place of a database that cannot be read every session is ended")
{
    with_backup those;
    those.admin.here.close();
    auto const missing = GENERATE(true, false);
    std::filesystem::remove(those.admin.here.rules.path);
    if (!missing) {
        write_file(those.admin.here.rules.path, std::string(8192, 'x'));
        std::filesystem::permissions(those.admin.here.rules.path,
                                     std::filesystem::perms::owner_write | std::filesystem::perms::owner_read);
    }
    auto const done = those.restore();
    CHECK_FALSE(done.was_readable);
    CHECK(done.accounts == 1);
    CHECK(done.sessions == 0);
    CHECK(done.sessions_ended == 2);
    CHECK(done.set_aside.empty() == missing);
    auto const ports = those.admin.here.open();
    auto const added = those.admin.here.run(ports.accounts.add(account_of("carol")));
    REQUIRE(added);
    CHECK(added->id > those.later_account);
}

TEST_CASE("what is no sound backup of ours is not restored and nothing is changed")
{
    with_backup those;
    those.admin.here.close();
    auto const before = content_of(those.admin.here.rules.path);
    auto const content = GENERATE(std::string{}, std::string(8192, 'x'));
    write_file(those.backup, content);
    CHECK_THROWS_AS(administration::restore(those.admin.here.rules, those.backup, go_on), start_error);
    CHECK(content_of(those.admin.here.rules.path) == before);
    CHECK_THROWS_AS(administration::restore(those.admin.here.rules, those.backup.string() + "-none", go_on),
                    start_error);
    CHECK(content_of(those.admin.here.rules.path) == before);
}

TEST_CASE("a database that others could have written is not replaced")
{
    with_backup those;
    those.admin.here.close();
    std::filesystem::permissions(those.admin.here.rules.path, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
    try {
        administration::restore(those.admin.here.rules, those.backup, go_on);
        FAIL("it was replaced");
    } catch (start_error const& refused) {
        CHECK(refused.why() == start_error::kind::configuration);
    }
    CHECK(those.stored("SELECT count(*) FROM accounts") == "2");
}
