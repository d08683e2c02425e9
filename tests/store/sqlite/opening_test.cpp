// Promise S5 of SECURITY.md.
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/database_fixture.hpp"

using namespace porter::testing;
using porter::start_error;
using kind = porter::start_errc;
using std::filesystem::perms;

namespace {

/// A database that was in use: more pages than one, closed in order.
void make_database(database_fixture& here)
{
    here.open();
    for (int i = 0; i < 50; ++i) here.add(account_of("account" + std::to_string(i)));
    here.close();
}

/// Opening and checking refuse the file, and leave it as it was.
void is_refused(database_fixture& here, kind why)
{
    auto const before = content_of(here.rules.path);
    auto const checked = here.check();
    REQUIRE(checked);
    CHECK(checked->code() == why);
    auto const refused = here.refusal();
    REQUIRE(refused);
    CHECK(refused->code() == why);
    std::string const message = refused->what();
    CHECK(message.find(here.rules.path.string()) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(content_of(here.rules.path) == before);
}

}  // namespace

TEST_CASE("a database is made for its owner alone whatever the umask")
{
    database_fixture here;
    auto const umask = GENERATE(0000, 0777);
    auto const old = ::umask(static_cast<mode_t>(umask));
    here.open();
    auto const added = here.register_account("alice", 1);
    ::umask(old);
    REQUIRE(added);
    for (auto const* suffix : {"", "-wal", "-shm"}) {
        CHECK(mode_of(here.rules.path.string() + suffix) == (perms::owner_read | perms::owner_write));
    }
}

TEST_CASE("a store that is closed leaves one file that can be opened again")
{
    database_fixture here;
    make_database(here);
    CHECK_FALSE(std::filesystem::exists(here.rules.path.string() + "-wal"));
    CHECK_FALSE(std::filesystem::exists(here.rules.path.string() + "-shm"));
    auto const ports = here.open();
    auto const found = here.run(ports.accounts.find("account49"));
    REQUIRE(found);
    CHECK(found->has_value());
}

TEST_CASE("the file says whose it is and which version")
{
    database_fixture here;
    make_database(here);
    auto const beginning = content_of(here.rules.path).substr(0, 100);
    CHECK(beginning.substr(68, 4) == "Port");
    CHECK(here.administrator().run("PRAGMA user_version") ==
          here.administrator().run("SELECT max(version) FROM schema_migrations"));
}

TEST_CASE("an empty file becomes a database")
{
    database_fixture here;
    write_file(here.rules.path, "");
    CHECK_FALSE(here.refusal());
    CHECK_FALSE(content_of(here.rules.path).empty());
}

TEST_CASE("what is not a database is refused")
{
    database_fixture here;
    auto const content = GENERATE(std::string{"x"}, std::string{"SQLite format 3"}, std::string(10'000, 'x'));
    write_file(here.rules.path, content);
    is_refused(here, kind::bad_data);
}

TEST_CASE("a truncated database is refused")
{
    database_fixture here;
    make_database(here);
    auto const whole = content_of(here.rules.path);
    auto const size = GENERATE(50, 100, 512, 4096, 8192);
    write_file(here.rules.path, whole.substr(0, static_cast<std::size_t>(size)));
    is_refused(here, kind::bad_data);
}

TEST_CASE("a database with a page of garbage is refused")
{
    database_fixture here;
    make_database(here);
    auto content = content_of(here.rules.path);
    content.replace(4096, 4096, std::string(4096, '\xa5'));
    write_file(here.rules.path, content);
    is_refused(here, kind::bad_data);
}

TEST_CASE("a large database is not read whole at every start and still a missing end is refused")
{
    database_fixture here;
    make_database(here);
    here.rules.whole_check_limit = 0;
    CHECK_FALSE(here.refusal());
    auto const whole = content_of(here.rules.path);
    auto const missing = GENERATE(1, 4096, 20'000);
    write_file(here.rules.path, whole.substr(0, whole.size() - static_cast<std::size_t>(missing)));
    is_refused(here, kind::bad_data);
}

TEST_CASE("a large database with garbage in it is found by a check and is never worse than unavailable")
{
    database_fixture here;
    make_database(here);
    here.rules.whole_check_limit = 0;
    auto content = content_of(here.rules.path);
    auto const pages = content.size() / 4096;
    auto const page = GENERATE_COPY(range(std::size_t{1}, pages));
    content.replace(page * 4096, 4096, std::string(4096, '\xa5'));
    write_file(here.rules.path, content);
    auto const checked = here.check();
    REQUIRE(checked);
    CHECK(checked->code() == kind::bad_data);
    if (auto const refused = here.refusal()) {
        CHECK(refused->code() == kind::bad_data);
        return;
    }
    auto const ports = here.open();
    for (auto const* name : {"account0", "account49", "nobody"}) {
        auto const found = here.run(ports.accounts.find(name));
        if (!found) CHECK(found.error() == porter::detail::store::errc::unavailable);
    }
    auto const added = here.register_account("new account", 1);
    if (!added) CHECK(added.error() == porter::detail::store::errc::unavailable);
}

TEST_CASE("a database of another program is refused")
{
    database_fixture here;
    here.administrator().run("CREATE TABLE notes (text)");
    is_refused(here, kind::bad_data);
    here.administrator().run("PRAGMA application_id = 42");
    is_refused(here, kind::bad_data);
}

TEST_CASE("a database of another program that has a write-ahead log is refused and leaves no trace")
{
    database_fixture here;
    here.administrator().run("PRAGMA journal_mode = WAL; CREATE TABLE notes (text); PRAGMA application_id = 42");
    is_refused(here, kind::bad_data);
    CHECK_FALSE(std::filesystem::exists(here.rules.path.string() + "-wal"));
}

TEST_CASE("a database that is newer than this program is refused")
{
    database_fixture here;
    make_database(here);
    here.administrator().run("PRAGMA user_version = 1000");
    is_refused(here, kind::bad_data);
    CHECK_FALSE(std::filesystem::exists(here.rules.path.string() + "-wal"));
}

TEST_CASE("a newer version that stands only in the write-ahead log is seen")
{
    database_fixture here;
    make_database(here);
    auto newer = here.administrator();
    newer.run("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 1000");
    auto const refused = here.refusal();
    REQUIRE(refused);
    CHECK(refused->code() == kind::bad_data);
}

TEST_CASE("a file that nobody may write to is refused")
{
    database_fixture here;
    make_database(here);
    std::filesystem::permissions(here.rules.path, perms::owner_read);
    is_refused(here, kind::io);
}

TEST_CASE("a folder or a pipe in place of the file is refused")
{
    database_fixture here;
    if (GENERATE(true, false)) {
        std::filesystem::create_directory(here.rules.path);
    } else {
        ::mkfifo(here.rules.path.c_str(), 0600);
    }
    auto const refused = here.refusal();
    REQUIRE(refused);
    CHECK(refused->code() == kind::io);
    auto const checked = here.check();
    REQUIRE(checked);
    CHECK(checked->code() == kind::io);
}

TEST_CASE("a database whose folder is not there cannot be made")
{
    database_fixture here;
    here.rules.path = here.folder.path() / "nowhere" / "porter.db";
    auto const refused = here.refusal();
    REQUIRE(refused);
    CHECK(refused->code() == kind::cannot_create);
}

TEST_CASE("a database is not made through a symbolic link")
{
    database_fixture here;
    std::filesystem::create_symlink(here.folder.path() / "elsewhere.db", here.rules.path);
    auto const refused = here.refusal();
    REQUIRE(refused);
    CHECK(refused->code() == kind::configuration);
    CHECK_FALSE(std::filesystem::exists(here.folder.path() / "elsewhere.db"));
}

TEST_CASE("a database that is a symbolic link is refused although it leads to a good one")
{
    database_fixture here;
    make_database(here);
    std::filesystem::rename(here.rules.path, here.folder.path() / "elsewhere.db");
    std::filesystem::create_symlink(here.folder.path() / "elsewhere.db", here.rules.path);
    is_refused(here, kind::configuration);
}

TEST_CASE("a database that others may write to is refused and so is what SQLite keeps beside it")
{
    database_fixture here;
    make_database(here);
    auto const mode = GENERATE(0660, 0602);
    auto const beside = GENERATE("", "-wal", "-shm", "-journal");
    auto const file = here.rules.path.string() + beside;
    if (*beside != '\0') write_file(file, "");
    REQUIRE(::chmod(file.c_str(), static_cast<mode_t>(mode)) == 0);
    is_refused(here, kind::configuration);
    CHECK(mode_of(file) == static_cast<perms>(mode));
}

TEST_CASE("a database that belongs to another user is refused")
{
    if (::geteuid() != 0) return;  // only root can give a file away
    database_fixture here;
    make_database(here);
    REQUIRE(::chown(here.rules.path.c_str(), 12345, 12345) == 0);
    is_refused(here, kind::configuration);
}

TEST_CASE("a database that others may only read is made private and that is logged")
{
    database_fixture here;
    make_database(here);
    REQUIRE(::chmod(here.rules.path.c_str(), 0644) == 0);
    CHECK_FALSE(here.check());
    CHECK(mode_of(here.rules.path) == static_cast<perms>(0644));
    CHECK_FALSE(here.refusal());
    CHECK(mode_of(here.rules.path) == static_cast<perms>(0600));
    CHECK(here.log.count("database_made_private") == 1);
}

TEST_CASE("checking takes what opening takes and makes nothing")
{
    database_fixture here;
    CHECK_FALSE(here.check());
    CHECK_FALSE(std::filesystem::exists(here.rules.path));
    make_database(here);
    auto const before = content_of(here.rules.path);
    CHECK_FALSE(here.check());
    CHECK(content_of(here.rules.path) == before);
    here.open();
    CHECK_FALSE(here.check());
}

TEST_CASE("a database that stays locked is not opened and not called damaged")
{
    database_fixture here;
    make_database(here);
    here.rules.busy_timeout = std::chrono::milliseconds{1};
    auto other = here.administrator();
    other.run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM accounts");
    auto const refused = here.refusal();
    REQUIRE(refused);
    CHECK(refused->code() == kind::io);
}
