#include "store/sqlite/writer.hpp"

#include <algorithm>
#include <future>
#include <new>
#include <utility>

#include "base/thread.hpp"
#include "store/sqlite/audited_transaction.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/statement.hpp"
#include "store/sqlite/transaction.hpp"

namespace porter::detail::store::sqlite {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Requests in one transaction: bounds how long the first of them waits for the last.
constexpr std::size_t group_limit = 256;

/// Journal entries pruned at once: more than are written between two checkpoints.
constexpr std::int64_t max_pruned = 20'000;

/// How long a checkpoint waits for readers; writes wait until then.
constexpr milliseconds checkpoint_timeout{100};

/// How soon it is known that the database can be written again, when no client writes.
constexpr milliseconds probe_interval{1'000};

}  // namespace

/// Makes the thread check the files; close_lost() waits for it.
class writer::wakeup final : public job {
public:
    bool run(database&) override { return true; }
    void fail() noexcept override {}
    void finish() noexcept override { done_.set_value(); }

    std::future<void> done() { return done_.get_future(); }

private:
    std::promise<void> done_;
};

writer::writer(std::unique_ptr<database> connection, options const& options, file_watch& files, fault_log& faults,
               lane_statistics& statistics, log::logger& log)
    : options_(options),
      files_(files),
      faults_(faults),
      database_(std::move(connection)),
      next_checkpoint_(options.checkpoint_pages),
      audit_(options, faults, log),
      queue_(options.queue_limit, statistics),
      thread_([this] { run(); })
{}

writer::~writer()
{
    queue_.close();
    thread_.join();
}

void writer::close_lost()
{
    auto request = std::make_unique<wakeup>();
    auto done = request->done();
    job_queue::jobs waiting(1);
    waiting.front() = std::move(request);
    queue_.push(waiting);
    done.wait();
}

void writer::run()
{
    base::set_thread_name("store-writer");
    while (!queue_.is_finished()) {
        bool const has_fault = queue_.statistics().fault.is_set();
        auto group = queue_.take(group_limit, has_fault ? steady_clock::now() + probe_interval : audit_.next());
        if (files_.detect_loss()) {
            abandon_files();
            fail_all(group);
        } else if (group.empty()) {
            if (has_fault) probe();
        } else {
            write(group);
        }
        queue_.count(group);
        for (auto const& each : group) each->finish();
        if (steady_clock::now() >= audit_.next()) keep_audit();
        if (database_ && database_->wal_pages() >= next_checkpoint_ && !files_.detect_loss()) maintain();
    }
    if (files_.detect_loss()) {
        abandon_files();
    } else {
        audit_.finish(*database_);
        maintain();
    }
}

void writer::keep_audit()
{
    if (!database_ || files_.detect_loss()) {
        audit_.stop();
    } else {
        audit_.run(*database_);
    }
}

void writer::abandon_files()
{
    if (!database_) return;
    bool emptied = false;
    try {
        // By the open descriptors: the file is then complete wherever it was moved to, and the content of a removed log
        // is kept.
        database_->wait_for_locks(checkpoint_timeout);
        emptied = files_.has_own_log() && database_->checkpoint();
    } catch (error const& problem) {
        faults_.report("checkpoint", problem);
    } catch (std::bad_alloc const&) {
        faults_.report_no_memory("checkpoint");
    }
    // SQLite must not checkpoint or remove a log after it or its database was replaced.
    database_->keep_log_on_close();
    database_.reset();
    files_.clear_away(emptied);
}

void writer::write(waiting_jobs waiting)
{
    while (!waiting.empty()) {
        try {
            commit(waiting);
            queue_.statistics().fault.clear();
            return;
        } catch (error const& problem) {
            faults_.report("write", problem);
            queue_.statistics().fault.set(problem.what());
            if (problem.is_busy()) {
                waiting = fail_overdue(waiting);
            } else {
                fail_all(std::exchange(waiting, {}));
            }
        } catch (std::bad_alloc const&) {
            faults_.report_no_memory("write");
            queue_.statistics().fault.set("out of memory");
            fail_all(std::exchange(waiting, {}));
        }
    }
}

void writer::fail_all(waiting_jobs waiting)
{
    for (auto const& each : waiting) each->fail();
}

void writer::commit(waiting_jobs waiting)
{
    // A request waits no longer than busy_timeout in all, in the queue and for the lock.
    auto const deadline = waiting.front()->queued_at + options_.busy_timeout;
    auto const timeout = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    database_->wait_for_locks(std::max(timeout, milliseconds{0}));

    audited_transaction tx{*database_};
    for (auto const& request : waiting) run_in_savepoint(*request);
    tx.commit();
}

void writer::run_in_savepoint(job& request)
{
    try {
        savepoint part{*database_};
        if (request.run(*database_)) part.keep();
    } catch (error const& problem) {
        if (!problem.is_rejection()) throw;
        faults_.report("write", problem);
        request.fail();
    }
}

writer::waiting_jobs writer::fail_overdue(waiting_jobs waiting)
{
    auto const now = steady_clock::now();
    auto rest = waiting;
    do {
        rest.front()->fail();
        rest.advance(1);
    } while (!rest.empty() && rest.front()->queued_at + options_.busy_timeout <= now);
    return rest;
}

/// Writes a row as it is. Its failure is not logged: that of the requests was.
void writer::probe()
{
    if (queue_.is_finished()) return;
    try {
        database_->wait_for_locks(milliseconds{0});
        transaction tx{*database_};
        database_->execute("UPDATE schema_migrations SET name = name WHERE version = 1");
        tx.commit();
        queue_.statistics().fault.clear();
    } catch (error const& problem) {
        queue_.statistics().fault.set(problem.what());
    } catch (std::bad_alloc const&) {
        queue_.statistics().fault.set("out of memory");
    }
}

void writer::maintain()
{
    try {
        database_->wait_for_locks(checkpoint_timeout);
        // The reader reads the journal several times a second: an hour is more than enough.
        statement{*database_,
                  "DELETE FROM ended_sessions WHERE id IN (SELECT id FROM ended_sessions"
                  " WHERE ended_at < unixepoch() - 3600 AND id <= (SELECT max(id) FROM ended_sessions) - 10000"
                  " ORDER BY id LIMIT ?1)",
                  max_pruned}
            .run();
        // Names and causes are logged by then; the name of a deleted account must not stay.
        statement{
            *database_,
            "UPDATE ended_sessions SET account_name = '', cause = ''"
            " WHERE id IN (SELECT id FROM ended_sessions WHERE account_name <> '' AND ended_at < unixepoch() - 3600"
            " ORDER BY id LIMIT ?1)",
            max_pruned}
            .run();
        bool const emptied = database_->checkpoint();
        // During a long read the log can only grow: try less often, as every try waits for the timeout.
        next_checkpoint_ = emptied ? options_.checkpoint_pages : 2 * next_checkpoint_;
    } catch (error const& problem) {
        faults_.report("checkpoint", problem);
        next_checkpoint_ = 2 * next_checkpoint_;
    } catch (std::bad_alloc const&) {
        faults_.report_no_memory("checkpoint");
        next_checkpoint_ = 2 * next_checkpoint_;
    }
}

}  // namespace porter::detail::store::sqlite
