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
void make_database(database_fixture& fixture)
{
    fixture.open();
    for (int i = 0; i < 50; ++i) fixture.add(account_of("account" + std::to_string(i)));
    fixture.close();
}

/// Checks that open() and check() reject the file and do not change it.
void check_rejected(database_fixture& fixture, kind code)
{
    auto const before = content_of(fixture.options.path);
    auto const checked = fixture.check();
    REQUIRE(checked);
    CHECK(checked->code() == code);
    auto const refused = fixture.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == code);
    std::string const message = refused->what();
    CHECK(message.find(fixture.options.path.string()) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(content_of(fixture.options.path) == before);
}

}  // namespace

TEST_CASE("a database is created for its owner alone whatever the umask")
{
    database_fixture fixture;
    auto const umask = GENERATE(0000, 0777);
    auto const old = ::umask(static_cast<mode_t>(umask));
    fixture.open();
    auto const added = fixture.register_account("alice", 1);
    ::umask(old);
    REQUIRE(added);
    for (auto const* suffix : {"", "-wal", "-shm"}) {
        CHECK(mode_of(fixture.options.path.string() + suffix) == (perms::owner_read | perms::owner_write));
    }
}

TEST_CASE("a store that is closed leaves one file that can be opened again")
{
    database_fixture fixture;
    make_database(fixture);
    CHECK_FALSE(std::filesystem::exists(fixture.options.path.string() + "-wal"));
    CHECK_FALSE(std::filesystem::exists(fixture.options.path.string() + "-shm"));
    auto const ports = fixture.open();
    auto const found = fixture.run(ports.accounts.find("account49"));
    REQUIRE(found);
    CHECK(found->has_value());
}

TEST_CASE("the file has Porter's application id and the version")
{
    database_fixture fixture;
    make_database(fixture);
    auto const beginning = content_of(fixture.options.path).substr(0, 100);
    CHECK(beginning.substr(68, 4) == "Port");
    CHECK(fixture.administrator().run("PRAGMA user_version") ==
          fixture.administrator().run("SELECT max(version) FROM schema_migrations"));
}

TEST_CASE("an empty file becomes a database")
{
    database_fixture fixture;
    write_file(fixture.options.path, "");
    CHECK_FALSE(fixture.open_error());
    CHECK_FALSE(content_of(fixture.options.path).empty());
}

TEST_CASE("a file that is not a database is rejected")
{
    database_fixture fixture;
    auto const content = GENERATE(std::string{"x"}, std::string{"SQLite format 3"}, std::string(10'000, 'x'));
    write_file(fixture.options.path, content);
    check_rejected(fixture, kind::bad_data);
}

TEST_CASE("a truncated database is rejected")
{
    database_fixture fixture;
    make_database(fixture);
    auto const whole = content_of(fixture.options.path);
    auto const size = GENERATE(50, 100, 512, 4096, 8192);
    write_file(fixture.options.path, whole.substr(0, static_cast<std::size_t>(size)));
    check_rejected(fixture, kind::bad_data);
}

TEST_CASE("a database with a page of garbage is rejected")
{
    database_fixture fixture;
    make_database(fixture);
    auto content = content_of(fixture.options.path);
    content.replace(4096, 4096, std::string(4096, '\xa5'));
    write_file(fixture.options.path, content);
    check_rejected(fixture, kind::bad_data);
}

TEST_CASE("a large database is not read whole at a start but a missing end is rejected")
{
    database_fixture fixture;
    make_database(fixture);
    fixture.options.whole_check_limit = 0;
    CHECK_FALSE(fixture.open_error());
    auto const whole = content_of(fixture.options.path);
    auto const missing = GENERATE(1, 4096, 20'000);
    write_file(fixture.options.path, whole.substr(0, whole.size() - static_cast<std::size_t>(missing)));
    check_rejected(fixture, kind::bad_data);
}

TEST_CASE("garbage in a large database is found by a check and makes operations at worst unavailable")
{
    database_fixture fixture;
    make_database(fixture);
    fixture.options.whole_check_limit = 0;
    auto content = content_of(fixture.options.path);
    auto const pages = content.size() / 4096;
    auto const page = GENERATE_COPY(range(std::size_t{1}, pages));
    content.replace(page * 4096, 4096, std::string(4096, '\xa5'));
    write_file(fixture.options.path, content);
    auto const checked = fixture.check();
    REQUIRE(checked);
    CHECK(checked->code() == kind::bad_data);
    if (auto const refused = fixture.open_error()) {
        CHECK(refused->code() == kind::bad_data);
        return;
    }
    auto const ports = fixture.open();
    for (auto const* name : {"account0", "account49", "unknown"}) {
        auto const found = fixture.run(ports.accounts.find(name));
        if (!found) CHECK(found.error() == porter::detail::store::errc::unavailable);
    }
    auto const added = fixture.register_account("new account", 1);
    if (!added) CHECK(added.error() == porter::detail::store::errc::unavailable);
}

TEST_CASE("a database of another program is rejected")
{
    database_fixture fixture;
    fixture.administrator().run("CREATE TABLE notes (text)");
    check_rejected(fixture, kind::bad_data);
    fixture.administrator().run("PRAGMA application_id = 42");
    check_rejected(fixture, kind::bad_data);
}

TEST_CASE("a database of another program with a write-ahead log is rejected and not changed")
{
    database_fixture fixture;
    fixture.administrator().run("PRAGMA journal_mode = WAL; CREATE TABLE notes (text); PRAGMA application_id = 42");
    check_rejected(fixture, kind::bad_data);
    CHECK_FALSE(std::filesystem::exists(fixture.options.path.string() + "-wal"));
}

TEST_CASE("a database that is newer than this program is rejected")
{
    database_fixture fixture;
    make_database(fixture);
    fixture.administrator().run("PRAGMA user_version = 1000");
    check_rejected(fixture, kind::bad_data);
    CHECK_FALSE(std::filesystem::exists(fixture.options.path.string() + "-wal"));
}

TEST_CASE("a newer version that is only in the write-ahead log is rejected")
{
    database_fixture fixture;
    make_database(fixture);
    auto newer = fixture.administrator();
    newer.run("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 1000");
    auto const refused = fixture.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::bad_data);
}

TEST_CASE("a read-only file is rejected")
{
    database_fixture fixture;
    make_database(fixture);
    std::filesystem::permissions(fixture.options.path, perms::owner_read);
    check_rejected(fixture, kind::io);
}

TEST_CASE("a folder or a pipe in place of the file is rejected")
{
    database_fixture fixture;
    if (GENERATE(true, false)) {
        std::filesystem::create_directory(fixture.options.path);
    } else {
        ::mkfifo(fixture.options.path.c_str(), 0600);
    }
    auto const refused = fixture.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::io);
    auto const checked = fixture.check();
    REQUIRE(checked);
    CHECK(checked->code() == kind::io);
}

TEST_CASE("a database in a missing folder cannot be created")
{
    database_fixture fixture;
    fixture.options.path = fixture.folder.path() / "nowhere" / "porter.db";
    auto const refused = fixture.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::cannot_create);
}

TEST_CASE("a database is not created through a symbolic link")
{
    database_fixture fixture;
    std::filesystem::create_symlink(fixture.folder.path() / "elsewhere.db", fixture.options.path);
    auto const refused = fixture.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::configuration);
    CHECK_FALSE(std::filesystem::exists(fixture.folder.path() / "elsewhere.db"));
}

TEST_CASE("a symbolic link to a database is rejected")
{
    database_fixture fixture;
    make_database(fixture);
    std::filesystem::rename(fixture.options.path, fixture.folder.path() / "elsewhere.db");
    std::filesystem::create_symlink(fixture.folder.path() / "elsewhere.db", fixture.options.path);
    check_rejected(fixture, kind::configuration);
}

TEST_CASE("a database that others may write to is rejected and so are the files beside it")
{
    database_fixture fixture;
    make_database(fixture);
    auto const mode = GENERATE(0660, 0602);
    auto const beside = GENERATE("", "-wal", "-shm", "-journal");
    auto const file = fixture.options.path.string() + beside;
    if (*beside != '\0') write_file(file, "");
    REQUIRE(::chmod(file.c_str(), static_cast<mode_t>(mode)) == 0);
    check_rejected(fixture, kind::configuration);
    CHECK(mode_of(file) == static_cast<perms>(mode));
}

TEST_CASE("a database that belongs to another user is rejected")
{
    if (::geteuid() != 0) return;  // only root can give a file away
    database_fixture fixture;
    make_database(fixture);
    REQUIRE(::chown(fixture.options.path.c_str(), 12345, 12345) == 0);
    check_rejected(fixture, kind::configuration);
}

TEST_CASE("a database that others may only read is made private and that is logged")
{
    database_fixture fixture;
    make_database(fixture);
    REQUIRE(::chmod(fixture.options.path.c_str(), 0644) == 0);
    CHECK_FALSE(fixture.check());
    CHECK(mode_of(fixture.options.path) == static_cast<perms>(0644));
    CHECK_FALSE(fixture.open_error());
    CHECK(mode_of(fixture.options.path) == static_cast<perms>(0600));
    CHECK(fixture.log.count("database_made_private") == 1);
}

TEST_CASE("check accepts what open accepts and creates nothing")
{
    database_fixture fixture;
    CHECK_FALSE(fixture.check());
    CHECK_FALSE(std::filesystem::exists(fixture.options.path));
    make_database(fixture);
    auto const before = content_of(fixture.options.path);
    CHECK_FALSE(fixture.check());
    CHECK(content_of(fixture.options.path) == before);
    fixture.open();
    CHECK_FALSE(fixture.check());
}

TEST_CASE("a database that stays locked is not opened and not reported as damaged")
{
    database_fixture fixture;
    make_database(fixture);
    fixture.options.start_timeout = std::chrono::milliseconds{1};
    auto other = fixture.administrator();
    other.run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM accounts");
    auto const refused = fixture.open_error();
    REQUIRE(refused);
    CHECK(refused->code() == kind::io);
}
