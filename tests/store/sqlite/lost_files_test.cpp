// Promise S13 of SECURITY.md: the files of an open store are removed, replaced or rewound, or do not belong together.
#include <array>
#include <chrono>
#include <future>
#include <tuple>

#include "store/sqlite/database_fixture.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/support/ended_sessions.hpp"

using namespace porter::testing;
using porter::start_errc;
using porter::start_error;
using porter::detail::store::errc;
using porter::detail::store::session_id;

namespace {

/// A store with the account alice, a session, and a watch that waits for one call of each kind.
struct watched {
    watched() : ports(fixture.open())
    {
        alice = fixture.add(account_of("alice"));
        session = open(1);
        ports.sessions.watch({notified.watcher(), [this] { missed.set_value(); },
                              [this](std::string const& reason) { lost.set_value(reason); }});
    }
    ~watched()
    {
        if (is_open) ports.sessions.watch({});
    }
    watched(watched const&) = delete;
    watched& operator=(watched const&) = delete;

    session_id open(int number)
    {
        auto opened = fixture.run(ports.sessions.open(session_of(alice, number)));
        REQUIRE(opened);
        return opened->id;
    }

    void close()
    {
        ports.sessions.watch({});
        is_open = false;
        fixture.close();
    }

    std::vector<session_id> ended(std::vector<session_id> live)
    {
        auto found = fixture.run(ports.sessions.find_ended(std::move(live), at(20)));
        REQUIRE(found);
        return *found;
    }

    std::filesystem::path path(char const* suffix) const { return fixture.options.path.string() + suffix; }

    template <typename Value>
    static bool is_called(std::promise<Value>& call)
    {
        return call.get_future().wait_for(std::chrono::seconds{20}) == std::future_status::ready;
    }

    database_fixture fixture;
    ended_sessions notified;
    std::promise<void> missed;
    std::promise<std::string> lost;
    porter::detail::store::ports ports;
    porter::detail::store::account alice;
    session_id session = 0;
    bool is_open = true;
};

}  // namespace

TEST_CASE("a store whose files are removed reports the loss and is unavailable")
{
    watched store;
    auto const* const suffix = GENERATE("", "-wal", "-shm");
    CAPTURE(suffix);
    std::filesystem::remove(store.path(suffix));

    auto const refused = store.fixture.register_account("bob", 9);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == errc::unavailable);
    auto const unread = store.fixture.run(store.ports.accounts.find("alice"));
    REQUIRE_FALSE(unread);
    CHECK(unread.error() == errc::unavailable);

    CHECK(watched::is_called(store.lost));
    auto const logged = store.fixture.log.events("database_lost");
    REQUIRE(logged.size() == 1);
    CHECK(logged.at(0).field("file") == store.path(suffix).string());
    CHECK(logged.at(0).field("state") == "removed");
}

TEST_CASE("a store whose schema version changes is lost")
{
    watched store;
    auto const [version, state, reason] = GENERATE(
        std::tuple{9999, "newer", "the database has a newer schema than this program: version 9999, not NEWEST"},
        std::tuple{0, "older", "the database has an older schema than this program: version 0, not NEWEST"});
    store.fixture.administrator().run("PRAGMA user_version = " + std::to_string(version));
    auto notified = store.lost.get_future();
    REQUIRE(notified.wait_for(std::chrono::seconds{30}) == std::future_status::ready);
    auto wanted = std::string{reason};
    wanted.replace(wanted.find("NEWEST"), 6, std::to_string(porter::detail::store::sqlite::newest_version()));
    CHECK(notified.get() == wanted);
    auto const logged = store.fixture.log.events("database_lost");
    REQUIRE(logged.size() == 1);
    CHECK(logged.at(0).field("state") == state);
}

TEST_CASE("a store detects lost files without a request")
{
    watched store;
    std::filesystem::remove(store.path(""));
    CHECK(watched::is_called(store.lost));
}

TEST_CASE("a store whose file is replaced writes nothing more")
{
    watched store;
    write_file(store.path(".other"), "another file");
    write_file(store.path(".other-wal"), "its log");
    std::filesystem::rename(store.path(".other"), store.path(""));
    std::filesystem::rename(store.path(".other-wal"), store.path("-wal"));
    auto const refused = store.fixture.register_account("bob", 9);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == errc::unavailable);
    CHECK(store.fixture.log.events("database_lost").at(0).field("state") == "replaced");
    store.close();
    CHECK(content_of(store.path("")) == "another file");
    CHECK(content_of(store.path("-wal")) == "its log");
}

TEST_CASE("a database that was moved away is complete and leaves no log behind")
{
    watched store;
    store.open(2);
    auto const replaced = GENERATE(true, false);
    if (replaced) store.fixture.administrator().run("VACUUM INTO '" + store.path(".backup").string() + "'");
    std::filesystem::rename(store.path(""), store.path(".moved"));
    if (replaced) std::filesystem::rename(store.path(".backup"), store.path(""));
    CHECK(watched::is_called(store.lost));
    store.close();
    CHECK_FALSE(std::filesystem::exists(store.path("-wal")));
    CHECK_FALSE(std::filesystem::exists(store.path("-shm")));
    CHECK(shell{store.path(".moved")}.run("SELECT count(*) FROM sessions; PRAGMA integrity_check") == "2\nok");
    CHECK_FALSE(store.fixture.open_error());
    CHECK(store.fixture.administrator().run("SELECT count(*) FROM sessions") == (replaced ? "2" : "0"));
}

TEST_CASE("the log of a lost database that others may have written to is renamed")
{
    watched store;
    auto const content = content_of(store.path("-wal"));
    std::filesystem::rename(store.path(""), store.path(".moved"));
    std::filesystem::remove(store.path("-shm"));
    CHECK(watched::is_called(store.lost));
    store.close();
    std::filesystem::path const aside = store.fixture.log.events("database_log_set_aside").at(0).field("file");
    CHECK(content_of(aside) == content);
    CHECK_FALSE(std::filesystem::exists(store.path("-wal")));
}

TEST_CASE("the content of a removed log is not lost")
{
    watched store;
    std::filesystem::remove(store.path("-wal"));
    CHECK(watched::is_called(store.lost));
    store.close();
    CHECK(store.fixture.administrator().run("SELECT id FROM sessions") == std::to_string(store.session));
}

TEST_CASE("a session that ended in the current file is over after the loss")
{
    watched store;
    auto const other = store.open(2);
    std::filesystem::remove(store.path("-shm"));
    store.fixture.administrator().run("DELETE FROM sessions WHERE id = " + std::to_string(other));
    CHECK(watched::is_called(store.lost));
    CHECK(store.ended({store.session, other}) == std::vector{other});
}

TEST_CASE("writes by others after the loss are not undone when the store closes")
{
    watched store;
    std::filesystem::remove(store.path("-shm"));
    store.fixture.administrator().run("DELETE FROM sessions");
    store.close();
    CHECK(store.fixture.administrator().run("SELECT count(*) FROM sessions") == "0");
}

TEST_CASE("restoring an older database into the open one is reported as missed")
{
    watched store;
    auto const backup = store.path(".backup");
    store.fixture.administrator().run("VACUUM INTO '" + backup.string() + "'");
    auto const later = store.open(2);
    CHECK(store.fixture.run(store.ports.sessions.end(store.alice.id, later)));
    CHECK(store.notified.wait_for(later));
    auto const latest = store.open(3);

    store.fixture.administrator().restore(backup);
    CHECK(watched::is_called(store.missed));
    CHECK(store.ended({store.session, latest}) == std::vector{latest});

    // Later ended sessions are reported.
    store.fixture.administrator().run("DELETE FROM sessions");
    CHECK(store.notified.wait_for(store.session));
}

TEST_CASE("a write-ahead log beside a backup that was copied over its database is rejected")
{
    database_fixture fixture;
    auto const backup = fixture.folder.path() / "backup.db";
    auto const killed = fixture.folder.path() / "killed.db-wal";
    auto const log = fixture.options.path.string() + "-wal";
    {
        fixture.open();
        fixture.add(account_of("alice"));
        fixture.administrator().run("VACUUM INTO '" + backup.string() + "'");
        fixture.add(account_of("carol"));
        std::filesystem::copy_file(log, killed);
    }
    fixture.close();
    std::filesystem::copy_file(backup, fixture.options.path, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(killed, log);

    for (auto const& refused : {fixture.check(), fixture.open_error()}) {
        REQUIRE(refused);
        CHECK(refused->code() == start_errc::bad_data);
        std::string const message = refused->what();
        CHECK(message.find(log + " belongs to another database") != std::string::npos);
        CHECK(message.find("porterctl db restore") != std::string::npos);
    }
    std::filesystem::remove(log);
    CHECK_FALSE(fixture.open_error());
}

TEST_CASE("the write-ahead log of a killed server is accepted")
{
    database_fixture fixture;
    auto const killed = fixture.folder.path() / "killed.db";
    auto const logs = GENERATE(1, 2, 3);
    for (int each = 0; each < logs; ++each) {
        fixture.close();
        fixture.open();
        fixture.add(account_of("account" + std::to_string(each)));
    }
    std::filesystem::copy_file(fixture.options.path, killed);
    std::filesystem::copy_file(fixture.options.path.string() + "-wal", killed.string() + "-wal");
    fixture.close();
    fixture.options.path = killed;
    CHECK_FALSE(fixture.check());
    auto const found = fixture.run(fixture.open().accounts.find("account" + std::to_string(logs - 1)));
    REQUIRE(found);
    CHECK(found->has_value());
}
