// Promises S3 and S4 of SECURITY.md.
// Locks of other connections, a full disk, many concurrent requests: operations fail, and work again afterwards.
#include <sys/resource.h>

#include <asio/co_spawn.hpp>
#include <atomic>
#include <csignal>
#include <exception>
#include <thread>

#include "store/sqlite/database_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::errc;
using namespace std::chrono_literals;

namespace {

struct outcomes {
    int added = 0;
    int unavailable = 0;
};

porter::task<void> register_account(porter::detail::store::sessions& sessions, std::string name, int number,
                                    outcomes& seen)
{
    auto account = account_of(std::move(name));
    auto session = session_of({}, number);
    auto const added = co_await sessions.open_first(std::move(account), std::move(session));
    if (added) {
        ++seen.added;
    } else if (added.error() == errc::unavailable) {
        ++seen.unavailable;
    }
}

/// Registers the accounts name0, name1, ... without waiting for completion.
void start_registrations(database_fixture& fixture, porter::detail::store::ports ports, int count, outcomes& seen)
{
    for (int i = 0; i < count; ++i) {
        auto work = register_account(ports.sessions, "name" + std::to_string(i), i, seen);
        asio::co_spawn(fixture.io, std::move(work), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
    }
    fixture.io.restart();
    fixture.io.poll();
}

/// The number of commits in the write-ahead log: frames with the database size after them (file format, 4.1).
int commits(database_fixture const& fixture)
{
    auto const log = content_of(fixture.options.path.string() + "-wal");
    constexpr std::size_t header = 32;
    constexpr std::size_t frame = 24 + 4096;
    int found = 0;
    for (auto at = header; at + frame <= log.size(); at += frame)
        found += log.substr(at + 4, 4) != std::string(4, '\0');
    return found;
}

/// While this object lives no file of this process can grow, as on a full disk, also for root.
class full_disk {
public:
    explicit full_disk(rlim_t largest) : old_signal_(std::signal(SIGXFSZ, SIG_IGN))
    {
        ::getrlimit(RLIMIT_FSIZE, &old_);
        rlimit full = old_;
        full.rlim_cur = largest;
        ::setrlimit(RLIMIT_FSIZE, &full);
    }
    ~full_disk()
    {
        ::setrlimit(RLIMIT_FSIZE, &old_);
        std::signal(SIGXFSZ, old_signal_);
    }
    full_disk(full_disk const&) = delete;
    full_disk& operator=(full_disk const&) = delete;

private:
    void (*old_signal_)(int);
    rlimit old_{};
};

}  // namespace

TEST_CASE("while another program holds the lock writes are unavailable and lookups work")
{
    database_fixture fixture;
    fixture.options.busy_timeout = 50ms;
    auto const ports = fixture.open();
    REQUIRE(fixture.register_account("alice", 1001));
    auto other = fixture.administrator();
    other.run("BEGIN EXCLUSIVE");

    auto const refused = fixture.register_account("bob", 1002);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == errc::unavailable);
    auto const found = fixture.run(ports.accounts.find("alice"));
    REQUIRE(found);
    CHECK(found->has_value());
    CHECK(fixture.log.count("store_failed") == 1);

    other.run("COMMIT");
    CHECK(fixture.register_account("bob", 1002));
}

TEST_CASE("each request waits for a lock for the same time")
{
    database_fixture fixture;
    fixture.options.busy_timeout = 50ms;
    auto const ports = fixture.open();
    auto other = fixture.administrator();
    other.run("BEGIN EXCLUSIVE");
    outcomes seen;
    start_registrations(fixture, ports, 300, seen);
    fixture.io.run();
    CHECK(seen.added == 0);
    CHECK(seen.unavailable == 300);
    CHECK(other.run("SELECT count(*) FROM accounts") == "0");
}

TEST_CASE("requests that wait together are committed together")
{
    database_fixture fixture;
    fixture.options.busy_timeout = 60s;
    auto const ports = fixture.open();
    REQUIRE(fixture.register_account("alice", 1001));
    auto const before = commits(fixture);
    auto other = fixture.administrator();
    other.run("BEGIN IMMEDIATE");
    outcomes seen;
    start_registrations(fixture, ports, 100, seen);
    other.run("ROLLBACK");
    fixture.io.run();
    CHECK(seen.added == 100);
    // One for the request that the writer had taken before the lock, one for all later ones.
    CHECK(commits(fixture) - before <= 2);
}

TEST_CASE("one request of a group that fails does not fail the others")
{
    database_fixture fixture;
    fixture.options.busy_timeout = 60s;
    auto const ports = fixture.open();
    auto other = fixture.administrator();
    other.run("BEGIN IMMEDIATE");
    outcomes seen;
    start_registrations(fixture, ports, 10, seen);
    asio::co_spawn(fixture.io, register_account(ports.sessions, "", 10, seen), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    fixture.io.poll();
    other.run("ROLLBACK");
    fixture.io.run();
    CHECK(seen.added == 10);
    CHECK(seen.unavailable == 1);
    CHECK(other.run("SELECT count(*) FROM accounts") == "10");
}

TEST_CASE("more requests than may wait are unavailable at once")
{
    database_fixture fixture;
    fixture.options.busy_timeout = 60s;
    fixture.options.queue_limit = 4;
    auto const ports = fixture.open();
    auto other = fixture.administrator();
    other.run("BEGIN IMMEDIATE");
    outcomes seen;
    start_registrations(fixture, ports, 20, seen);
    CHECK(seen.unavailable >= 12);  // 4 wait, and at most 4 more had been taken
    other.run("ROLLBACK");
    fixture.io.run();
    CHECK(seen.added + seen.unavailable == 20);
    CHECK(seen.added >= 4);
    CHECK(fixture.register_account("alice", 1001));
}

TEST_CASE("a full disk makes writes unavailable until there is space again")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    REQUIRE(fixture.register_account("alice", 1001));
    {
        full_disk const now{std::filesystem::file_size(fixture.options.path.string() + "-wal")};
        auto const refused = fixture.register_account("bob", 1002);
        REQUIRE_FALSE(refused);
        CHECK(refused.error() == errc::unavailable);
        auto const found = fixture.run(ports.accounts.find("alice"));
        REQUIRE(found);
        CHECK(found->has_value());
    }
    CHECK(fixture.log.count("store_failed") == 1);
    CHECK(fixture.register_account("bob", 1002));
    CHECK(fixture.administrator().run("PRAGMA integrity_check") == "ok");
    CHECK(fixture.administrator().run("SELECT group_concat(name) FROM accounts") == "alice,bob");
}

TEST_CASE("queued requests are completed before the store closes")
{
    database_fixture fixture;
    fixture.options.busy_timeout = 60s;
    auto const ports = fixture.open();
    auto other = fixture.administrator();
    other.run("BEGIN IMMEDIATE");
    outcomes seen;
    start_registrations(fixture, ports, 50, seen);
    other.run("ROLLBACK");
    fixture.close();
    fixture.io.run();
    CHECK(seen.added == 50);
}

TEST_CASE("the write-ahead log is emptied when it has grown")
{
    database_fixture fixture;
    fixture.options.checkpoint_pages = 20;
    fixture.open();
    for (int i = 0; i < 50; ++i) {
        REQUIRE(fixture.register_account("name" + std::to_string(i), i));
    }
    CHECK(std::filesystem::file_size(fixture.options.path.string() + "-wal") < 2 * 20 * 4120);
}

TEST_CASE("a long read by another program does not block writes")
{
    database_fixture fixture;
    fixture.options.checkpoint_pages = 20;
    fixture.open();
    REQUIRE(fixture.register_account("alice", 1001));
    auto other = fixture.administrator();
    other.run("BEGIN; SELECT * FROM accounts");
    for (int i = 0; i < 50; ++i) {
        REQUIRE(fixture.register_account("name" + std::to_string(i), i));
    }
    CHECK(fixture.log.count("store_failed") == 0);
    CHECK(other.run("SELECT count(*) FROM accounts") == "1");
}

TEST_CASE("many sessions are pruned in batches between which other requests are served")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    fixture.add(account_of("alice"));
    fixture.administrator().run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        " INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
        " credential_version) SELECT 1, randomblob(32), 1, 1, 2, '::1', 'plain', 1 FROM n");
    std::size_t pruned = 0;
    std::atomic<std::size_t> notified = 0;
    std::atomic<std::size_t> most = 0;
    bool added_meanwhile = false;
    ports.sessions.watch({[&](std::span<porter::detail::store::ended_session const> ended) {
        if (ended.size() > most) most = ended.size();
        notified += ended.size();
    }});
    auto prune = [&]() -> porter::task<void> {
        auto const removed =
            co_await ports.sessions.prune(porter::detail::base::timestamp{std::chrono::seconds{10}}, {});
        REQUIRE(removed);
        pruned = *removed;
    };
    auto add = [&]() -> porter::task<void> {
        auto account = account_of("bob");
        auto session = session_of({}, 1);
        auto const added = co_await ports.sessions.open_first(std::move(account), std::move(session));
        REQUIRE(added);
        added_meanwhile = pruned == 0;
    };
    auto const rethrow = [](std::exception_ptr escaped) {
        if (escaped) std::rethrow_exception(escaped);
    };
    fixture.io.restart();
    asio::co_spawn(fixture.io, prune(), rethrow);
    asio::co_spawn(fixture.io, add(), rethrow);
    fixture.io.run();
    CHECK(pruned == 3000);
    CHECK(added_meanwhile);
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (notified < 3000 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    ports.sessions.watch({});
    CHECK(notified == 3000);
    CHECK(most <= 1024);
}

TEST_CASE("the journal of ended sessions keeps the last hour or ten thousand entries")
{
    database_fixture fixture;
    fixture.open();
    fixture.administrator().run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
        " INSERT INTO ended_sessions (session_id, ended_at) SELECT i, iif(i <= 1500, 1, unixepoch()) FROM n");
    fixture.close();
    CHECK(fixture.administrator().run("SELECT count(*), min(id) FROM ended_sessions") == "10500|1501");
}

TEST_CASE("an attempt at an unknown name that is not stored does not count")
{
    database_fixture fixture;
    fixture.options.busy_timeout = 20ms;
    auto const ports = fixture.open();
    auto const begin = [&] {
        return fixture.run(ports.attempts.begin(attempt_at(name_digest(1), "192.0.2.1", 0), few_attempts));
    };
    {
        auto other = fixture.administrator();
        other.run("BEGIN IMMEDIATE");
        for (int i = 0; i < 5; ++i) {
            auto const denied = begin();
            REQUIRE_FALSE(denied);
            CHECK(denied.error() == errc::unavailable);
        }
    }
    for (int i = 0; i < 2; ++i) CHECK(begin()->decision.allows());
    CHECK_FALSE(begin()->decision.allows());
}
