// Out of memory on a thread of the store ends one request, and not the server.
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "store/sqlite/database_fixture.hpp"
#include "store/sqlite/fault_log.hpp"
#include "store/sqlite/file_watch.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/reader.hpp"
#include "store/sqlite/writer.hpp"
#include "store/statistics.hpp"
#include "store/support/ended_sessions.hpp"

using namespace porter::testing;
namespace store = porter::detail::store;
namespace sqlite = porter::detail::store::sqlite;
using store::errc;

namespace {

using count = store::result<std::int64_t>;

/// A database with its threads.
struct threads_fixture : database_fixture {
    threads_fixture()
    {
        open();
        close();
        connection = std::make_unique<sqlite::database>(options.path, sqlite::database::access::read_write);
        connection->integer("SELECT count(*) FROM accounts");  // opens the write-ahead log
        faults.emplace(log);
        files.emplace(options.path, log);
        writer.emplace(std::move(connection), options, *files, *faults, statistics.changes, log);
        reader.emplace(options, *files, *faults, statistics.lookups, [this] { writer->close_lost(); });
    }

    template <typename Work>
    count submit(sqlite::job_queue& queue, Work work)
    {
        return run(sqlite::submit(queue, work));
    }

    std::unique_ptr<sqlite::database> connection;
    std::optional<sqlite::fault_log> faults;
    std::optional<sqlite::file_watch> files;
    store::statistics statistics;
    std::optional<sqlite::writer> writer;
    std::optional<sqlite::reader> reader;
};

count without_memory(sqlite::database&)
{
    throw std::bad_alloc{};
}

count write_without_memory(sqlite::database& db)
{
    db.execute("CREATE TABLE notes (text)");
    throw std::bad_alloc{};
}

count tables(sqlite::database& db)
{
    return db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'notes'");
}

}  // namespace

TEST_CASE("a write for which there is no memory is unavailable and changes nothing")
{
    threads_fixture fixture;
    auto const failed = fixture.submit(fixture.writer->queue(), write_without_memory);
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == errc::unavailable);
    CHECK(fixture.log.count("store_failed") == 1);
    CHECK(fixture.log.mentions("out of memory"));
    CHECK(*fixture.submit(fixture.writer->queue(), tables) == 0);
}

TEST_CASE("a lookup for which there is no memory is unavailable and the next one is served")
{
    threads_fixture fixture;
    auto const failed = fixture.submit(fixture.reader->queue(), without_memory);
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == errc::unavailable);
    CHECK(fixture.log.count("store_failed") == 1);
    CHECK(*fixture.submit(fixture.reader->queue(), tables) == 0);
}

TEST_CASE("ended sessions are reported again after the watcher had no memory")
{
    ended_sessions notified;
    database_fixture fixture;
    auto ports = fixture.open();
    auto const opened = fixture.register_account("ann", 1);
    REQUIRE(opened);
    bool has_failed = false;
    auto watch = [&has_failed, record = notified.watcher()](std::span<store::ended_session const> ended) {
        if (!std::exchange(has_failed, true)) throw std::bad_alloc{};
        record(ended);
    };
    ports.sessions.watch({watch, {}, {}});
    fixture.administrator().run("DELETE FROM sessions");
    CHECK(notified.wait_for(opened->id));
    CHECK(fixture.log.count("store_failed") == 1);
    ports.sessions.watch({});
}
