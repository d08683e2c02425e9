// Promise S5 of SECURITY.md.
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/database_fixture.hpp"

using namespace porter::testing;
using porter::start_error;
using kind = porter::start_errc;
using std::filesystem::perms;

namespace {

/// Creates a database of several pages and closes it.
void make_database(database_fixture& here)
{
    here.open();
    for (int i = 0; i < 50; ++i) here.add(account_of("account" + std::to_string(i)));
    here.close();
}

/// Checks that open() and check() reject the file and do not change it.
void check_rejected(database_fixture& here, kind code)
{
    auto const before = content_of(here.options.path);
    auto const checked = here.check();
    REQUIRE(checked);
    CHECK(checked->code() == code);
    auto const refused = here.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == code);
    std::string const message = refused->what();
    CHECK(message.find(here.options.path.string()) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(content_of(here.options.path) == before);
}

}  // namespace

TEST_CASE("a database is created for its owner alone whatever the umask")
{
    database_fixture here;
    auto const umask = GENERATE(0000, 0777);
    auto const old = ::umask(static_cast<mode_t>(umask));
    here.open();
    auto const added = here.register_account("alice", 1);
    ::umask(old);
    REQUIRE(added);
    for (auto const* suffix : {"", "-wal", "-shm"}) {
        CHECK(mode_of(here.options.path.string() + suffix) == (perms::owner_read | perms::owner_write));
    }
}

TEST_CASE("a store that is closed leaves one file that can be opened again")
{
    database_fixture here;
    make_database(here);
    CHECK_FALSE(std::filesystem::exists(here.options.path.string() + "-wal"));
    CHECK_FALSE(std::filesystem::exists(here.options.path.string() + "-shm"));
    auto const ports = here.open();
    auto const found = here.run(ports.accounts.find("account49"));
    REQUIRE(found);
    CHECK(found->has_value());
}

TEST_CASE("the file has Porter's application id and the version")
{
    database_fixture here;
    make_database(here);
    auto const beginning = content_of(here.options.path).substr(0, 100);
    CHECK(beginning.substr(68, 4) == "Port");
    CHECK(here.administrator().run("PRAGMA user_version") ==
          here.administrator().run("SELECT max(version) FROM schema_migrations"));
}

TEST_CASE("an empty file becomes a database")
{
    database_fixture here;
    write_file(here.options.path, "");
    CHECK_FALSE(here.open_error());
    CHECK_FALSE(content_of(here.options.path).empty());
}

TEST_CASE("a file that is not a database is rejected")
{
    database_fixture here;
    auto const content = GENERATE(std::string{"x"}, std::string{"SQLite format 3"}, std::string(10'000, 'x'));
    write_file(here.options.path, content);
    check_rejected(here, kind::bad_data);
}

TEST_CASE("a truncated database is rejected")
{
    database_fixture here;
    make_database(here);
    auto const whole = content_of(here.options.path);
    auto const size = GENERATE(50, 100, 512, 4096, 8192);
    write_file(here.options.path, whole.substr(0, static_cast<std::size_t>(size)));
    check_rejected(here, kind::bad_data);
}

TEST_CASE("a database with a page of garbage is rejected")
{
    database_fixture here;
    make_database(here);
    auto content = content_of(here.options.path);
    content.replace(4096, 4096, std::string(4096, '\xa5'));
    write_file(here.options.path, content);
    check_rejected(here, kind::bad_data);
}

TEST_CASE("a large database is not read whole at a start but a missing end is rejected")
{
    database_fixture here;
    make_database(here);
    here.options.whole_check_limit = 0;
    CHECK_FALSE(here.open_error());
    auto const whole = content_of(here.options.path);
    auto const missing = GENERATE(1, 4096, 20'000);
    write_file(here.options.path, whole.substr(0, whole.size() - static_cast<std::size_t>(missing)));
    check_rejected(here, kind::bad_data);
}

TEST_CASE("garbage in a large database is found by a check and makes operations at worst unavailable")
{
    database_fixture here;
    make_database(here);
    here.options.whole_check_limit = 0;
    auto content = content_of(here.options.path);
    auto const pages = content.size() / 4096;
    auto const page = GENERATE_COPY(range(std::size_t{1}, pages));
    content.replace(page * 4096, 4096, std::string(4096, '\xa5'));
    write_file(here.options.path, content);
    auto const checked = here.check();
    REQUIRE(checked);
    CHECK(checked->code() == kind::bad_data);
    if (auto const refused = here.open_error()) {
        CHECK(refused->code() == kind::bad_data);
        return;
    }
    auto const ports = here.open();
    for (auto const* name : {"account0", "account49", "unknown"}) {
        auto const found = here.run(ports.accounts.find(name));
        if (!found) CHECK(found.error() == porter::detail::store::errc::unavailable);
    }
    auto const added = here.register_account("new account", 1);
    if (!added) CHECK(added.error() == porter::detail::store::errc::unavailable);
}

TEST_CASE("a database of another program is rejected")
{
    database_fixture here;
    here.administrator().run("CREATE TABLE notes (text)");
    check_rejected(here, kind::bad_data);
    here.administrator().run("PRAGMA application_id = 42");
    check_rejected(here, kind::bad_data);
}

TEST_CASE("a database of another program with a write-ahead log is rejected and not changed")
{
    database_fixture here;
    here.administrator().run("PRAGMA journal_mode = WAL; CREATE TABLE notes (text); PRAGMA application_id = 42");
    check_rejected(here, kind::bad_data);
    CHECK_FALSE(std::filesystem::exists(here.options.path.string() + "-wal"));
}

TEST_CASE("a database that is newer than this program is rejected")
{
    database_fixture here;
    make_database(here);
    here.administrator().run("PRAGMA user_version = 1000");
    check_rejected(here, kind::bad_data);
    CHECK_FALSE(std::filesystem::exists(here.options.path.string() + "-wal"));
}

TEST_CASE("a newer version that is only in the write-ahead log is rejected")
{
    database_fixture here;
    make_database(here);
    auto newer = here.administrator();
    newer.run("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 1000");
    auto const refused = here.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::bad_data);
}

TEST_CASE("a read-only file is rejected")
{
    database_fixture here;
    make_database(here);
    std::filesystem::permissions(here.options.path, perms::owner_read);
    check_rejected(here, kind::io);
}

TEST_CASE("a folder or a pipe in place of the file is rejected")
{
    database_fixture here;
    if (GENERATE(true, false)) {
        std::filesystem::create_directory(here.options.path);
    } else {
        ::mkfifo(here.options.path.c_str(), 0600);
    }
    auto const refused = here.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::io);
    auto const checked = here.check();
    REQUIRE(checked);
    CHECK(checked->code() == kind::io);
}

TEST_CASE("a database in a missing folder cannot be created")
{
    database_fixture here;
    here.options.path = here.folder.path() / "nowhere" / "porter.db";
    auto const refused = here.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::cannot_create);
}

TEST_CASE("a database is not created through a symbolic link")
{
    database_fixture here;
    std::filesystem::create_symlink(here.folder.path() / "elsewhere.db", here.options.path);
    auto const refused = here.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::configuration);
    CHECK_FALSE(std::filesystem::exists(here.folder.path() / "elsewhere.db"));
}

TEST_CASE("a symbolic link to a database is rejected")
{
    database_fixture here;
    make_database(here);
    std::filesystem::rename(here.options.path, here.folder.path() / "elsewhere.db");
    std::filesystem::create_symlink(here.folder.path() / "elsewhere.db", here.options.path);
    check_rejected(here, kind::configuration);
}

TEST_CASE("a database that others may write to is rejected and so are the files beside it")
{
    database_fixture here;
    make_database(here);
    auto const mode = GENERATE(0660, 0602);
    auto const beside = GENERATE("", "-wal", "-shm", "-journal");
    auto const file = here.options.path.string() + beside;
    if (*beside != '\0') write_file(file, "");
    REQUIRE(::chmod(file.c_str(), static_cast<mode_t>(mode)) == 0);
    check_rejected(here, kind::configuration);
    CHECK(mode_of(file) == static_cast<perms>(mode));
}

TEST_CASE("a database that belongs to another user is rejected")
{
    if (::geteuid() != 0) return;  // only root can give a file away
    database_fixture here;
    make_database(here);
    REQUIRE(::chown(here.options.path.c_str(), 12345, 12345) == 0);
    check_rejected(here, kind::configuration);
}

TEST_CASE("a database that others may only read is made private and that is logged")
{
    database_fixture here;
    make_database(here);
    REQUIRE(::chmod(here.options.path.c_str(), 0644) == 0);
    CHECK_FALSE(here.check());
    CHECK(mode_of(here.options.path) == static_cast<perms>(0644));
    CHECK_FALSE(here.open_error());
    CHECK(mode_of(here.options.path) == static_cast<perms>(0600));
    CHECK(here.log.count("database_made_private") == 1);
}

TEST_CASE("check accepts what open accepts and creates nothing")
{
    database_fixture here;
    CHECK_FALSE(here.check());
    CHECK_FALSE(std::filesystem::exists(here.options.path));
    make_database(here);
    auto const before = content_of(here.options.path);
    CHECK_FALSE(here.check());
    CHECK(content_of(here.options.path) == before);
    here.open();
    CHECK_FALSE(here.check());
}

TEST_CASE("a database that stays locked is not opened and not reported as damaged")
{
    database_fixture here;
    make_database(here);
    here.options.busy_timeout = std::chrono::milliseconds{1};
    auto other = here.administrator();
    other.run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM accounts");
    auto const refused = here.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::io);
}
