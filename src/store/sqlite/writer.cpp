#include "store/sqlite/writer.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include "base/thread.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/statement.hpp"
#include "store/sqlite/transaction.hpp"

namespace porter::detail::store::sqlite {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Requests in one transaction: a bound for how long the first of them waits for the last.
constexpr std::size_t group_limit = 256;

/// Endings that are forgotten at one time: more than a write-ahead log that is worth a checkpoint can bring.
constexpr std::int64_t tidy_piece = 20'000;

/// How long a checkpoint may wait for those who read: all writes wait meanwhile.
constexpr milliseconds checkpoint_patience{100};

}  // namespace

/// Makes the thread look at the files; close_lost() waits for it.
class writer::nudge final : public job {
public:
    bool run(database&) override { return true; }
    void fail() override {}
    void finish() override { done_.set_value(); }

    std::future<void> done() { return done_.get_future(); }

private:
    std::promise<void> done_;
};

writer::writer(std::unique_ptr<database> connection, options const& rules, file_watch& files, fault_log& faults)
    : options_(rules),
      files_(files),
      faults_(faults),
      database_(std::move(connection)),
      next_checkpoint_(rules.checkpoint_pages),
      queue_(rules.queue_limit),
      thread_([this] { run(); })
{}

writer::~writer()
{
    queue_.close();
    thread_.join();
}

void writer::close_lost()
{
    auto asked = std::make_unique<nudge>();
    auto done = asked->done();
    queue_.push(std::move(asked));
    done.wait();
}

void writer::run()
{
    base::set_thread_name("store-writer");
    while (!queue_.is_finished()) {
        auto group = queue_.take(group_limit);
        if (files_.is_lost()) {
            abandon_files();
            for (auto const& lost : group) lost->fail();
        } else {
            write(group);
        }
        for (auto const& done : group) done->finish();
        if (database_ && database_->wal_pages() >= next_checkpoint_ && !files_.is_lost()) maintain();
    }
    if (files_.is_lost()) {
        abandon_files();
    } else {
        maintain();
    }
}

void writer::abandon_files()
{
    if (!database_) return;
    bool emptied = false;
    try {
        // Through what is open: the file is whole then wherever it was moved to, and what stood in a log that was
        // removed is not lost.
        database_->wait_for_locks(checkpoint_patience);
        emptied = files_.has_own_log() && database_->checkpoint();
    } catch (error const& problem) {
        faults_.report("checkpoint", problem);
    }
    // A log that is not ours any more, or whose database is not, must not be moved or removed by SQLite.
    database_->leave_log_when_closing();
    database_.reset();
    files_.clear_away(emptied);
}

void writer::write(waiting_jobs waiting)
{
    while (!waiting.empty()) {
        try {
            commit(waiting);
            return;
        } catch (error const& problem) {
            faults_.report("write", problem);
            if (problem.is_busy()) {
                waiting = fail_overdue(waiting);
            } else {
                for (auto const& lost : std::exchange(waiting, {})) lost->fail();
            }
        }
    }
}

void writer::commit(waiting_jobs waiting)
{
    // Nobody waits longer than the time-out, wherever it was spent: in the queue or for the lock.
    auto const deadline = waiting.front()->queued_at + options_.busy_timeout;
    auto const patience = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    database_->wait_for_locks(std::max(patience, milliseconds{0}));

    transaction whole{*database_};
    for (auto const& part : waiting) attempt(*part);
    whole.commit();
}

void writer::attempt(job& part)
{
    try {
        savepoint own{*database_};
        if (part.run(*database_)) own.keep();
    } catch (error const& problem) {
        if (!problem.is_rejection()) throw;
        faults_.report("write", problem);
        part.fail();
    }
}

writer::waiting_jobs writer::fail_overdue(waiting_jobs waiting)
{
    auto const now = steady_clock::now();
    auto rest = waiting;
    do {
        rest.front()->fail();
        rest = rest.subspan(1);
    } while (!rest.empty() && rest.front()->queued_at + options_.busy_timeout <= now);
    return rest;
}

void writer::maintain()
{
    try {
        database_->wait_for_locks(checkpoint_patience);
        // Whoever watches reads the journal several times a second: an hour is far more than enough.
        statement{*database_,
                  "DELETE FROM ended_sessions WHERE id IN (SELECT id FROM ended_sessions"
                  " WHERE ended_at < unixepoch() - 3600 AND id <= (SELECT max(id) FROM ended_sessions) - 10000"
                  " ORDER BY id LIMIT ?1)",
                  tidy_piece}
            .run();
        // Names and causes are for the log, which has them by then: the name of a deleted account must not stay.
        statement{
            *database_,
            "UPDATE ended_sessions SET account_name = '', cause = ''"
            " WHERE id IN (SELECT id FROM ended_sessions WHERE account_name <> '' AND ended_at < unixepoch() - 3600"
            " ORDER BY id LIMIT ?1)",
            tidy_piece}
            .run();
        bool const emptied = database_->checkpoint();
        // While somebody reads for long the log can only grow: then try rarely, for every try costs the patience.
        next_checkpoint_ = emptied ? options_.checkpoint_pages : 2 * next_checkpoint_;
    } catch (error const& problem) {
        faults_.report("checkpoint", problem);
        next_checkpoint_ = 2 * next_checkpoint_;
    }
}

}  // namespace porter::detail::store::sqlite
