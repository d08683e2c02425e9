#include "store/sqlite/reader.hpp"

#include <iterator>
#include <new>
#include <string_view>
#include <utility>

#include "base/thread.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

using std::chrono::steady_clock;

/// Ended sessions are to be reported within a second; a check costs microseconds when nothing was committed.
constexpr std::chrono::milliseconds check_interval{200};

/// Entries of the journal that are read at once: bounds the memory, and how long a lookup waits for it.
constexpr std::int64_t max_ended_read = 1024;

/// The greatest id that the journal has used.
constexpr std::string_view last_journal_id = "SELECT seq FROM sqlite_sequence WHERE name = 'ended_sessions'";

/// Bounds how long the first of them waits for the last, and the journal for all.
constexpr std::size_t max_jobs = 32;

}  // namespace

/// Starts a watch on the reader's thread, between two checks; reader::watch() waits for it.
class reader::watch_request final : public job {
public:
    watch_request(reader& owner, session_watch watch) : owner_(owner), watch_(std::move(watch)) {}

    bool run(database& db) override
    {
        owner_.seen_version_ = db.integer("PRAGMA data_version");
        owner_.notified_until_ = db.integer(last_journal_id);
        return true;
    }

    /// Does nothing: the watch then reports also what ended since the previous watch, or all of the journal.
    void fail() noexcept override {}

    void finish() noexcept override
    {
        owner_.next_check_ = steady_clock::now();
        {
            std::lock_guard const lock{owner_.mutex_};
            owner_.watch_ = std::move(watch_);
        }
        done_.set_value();
    }

    std::future<void> done() { return done_.get_future(); }

private:
    reader& owner_;
    session_watch watch_;
    std::promise<void> done_;
};

/// Sets the watch of bans on the reader's thread; reader::watch_bans() waits for it and the first call.
class reader::ban_request final : public job {
public:
    ban_request(reader& owner, ban_watch watch) : owner_(owner), watch_(std::move(watch)) {}

    bool run(database& db) override
    {
        owner_.bans_.begin();
        if (auto const first = owner_.bans_.look(db, steady_clock::now())) watch_(*first);
        return true;
    }

    /// The next check reads them.
    void fail() noexcept override { owner_.bans_.begin(); }

    void finish() noexcept override
    {
        owner_.next_check_ = steady_clock::now();
        {
            std::lock_guard const lock{owner_.mutex_};
            owner_.ban_watch_ = std::move(watch_);
        }
        done_.set_value();
    }

    std::future<void> done() { return done_.get_future(); }

private:
    reader& owner_;
    ban_watch watch_;
    std::promise<void> done_;
};

reader::reader(options const& options, file_watch& files, fault_log& faults, lane_statistics& statistics,
               std::function<void()> close_others)
    : options_(options),
      files_(files),
      faults_(faults),
      close_others_(std::move(close_others)),
      database_(std::make_unique<database>(options.path, database::access::read_only)),
      queue_(options.queue_limit, statistics)
{
    database_->wait_for_locks(options.busy_timeout);
    thread_ = std::thread{[this] { run(); }};
}

reader::~reader()
{
    queue_.close();
    thread_.join();
}

void reader::watch(session_watch watch)
{
    {
        std::lock_guard const lock{mutex_};
        watch_ = {};
    }
    if (!watch.on_sessions_ended) return;
    auto request = std::make_unique<watch_request>(*this, std::move(watch));
    auto done = request->done();
    run_and_wait(std::move(request), std::move(done));
}

void reader::watch_bans(ban_watch watch)
{
    {
        std::lock_guard const lock{mutex_};
        ban_watch_ = {};
    }
    if (!watch) return;
    auto request = std::make_unique<ban_request>(*this, std::move(watch));
    auto done = request->done();
    run_and_wait(std::move(request), std::move(done));
}

void reader::run_and_wait(std::unique_ptr<job> request, std::future<void> done)
{
    job_queue::jobs waiting(1);
    waiting.front() = std::move(request);
    queue_.push(waiting);
    done.wait();
}

void reader::run()
{
    base::set_thread_name("store-look-ups");
    while (!queue_.is_finished()) {
        auto const jobs = queue_.take(max_jobs, next_check_);
        for (auto const& one : jobs) reply(*one);
        queue_.count(jobs);
        for (auto const& one : jobs) one->finish();
        if (steady_clock::now() >= next_check_) check_for_changes();
    }
}

void reader::reply(job& request)
{
    try {
        run(request);
        queue_.statistics().fault.clear();
    } catch (error const& problem) {
        faults_.report("look-up", problem);
        queue_.statistics().fault.set(problem.what());
        request.fail();
    } catch (std::bad_alloc const&) {
        faults_.report_no_memory("look-up");
        queue_.statistics().fault.set("out of memory");
        request.fail();
    }
}

void reader::run(job& request)
{
    if (!files_.detect_loss()) {
        request.run(*database_);
    } else if (request.reads_from == job::files::current) {
        close_lost();
        database current{options_.path, database::access::read_only};
        current.keep_log_on_close();
        current.wait_for_locks(options_.busy_timeout);
        request.run(current);
    } else {
        request.fail();
    }
}

void reader::check_for_changes()
{
    std::lock_guard const lock{mutex_};
    if (!watch_.on_sessions_ended && !ban_watch_) {
        next_check_ = steady_clock::time_point::max();
        return;
    }
    next_check_ = steady_clock::now() + check_interval;
    auto const seen_version = seen_version_;
    auto const notified_until = notified_until_;
    try {
        bool const has_loss = files_.detect_loss();
        if (has_loss && watch_.on_sessions_ended) notify_lost();
        if (has_loss) return;
        if (queue_.statistics().fault.is_set()) probe();
        if (watch_.on_sessions_ended) notify_ended();
        if (ban_watch_) notify_bans();
    } catch (std::bad_alloc const&) {  // the next check notifies again, of the same
        seen_version_ = seen_version;
        notified_until_ = notified_until;
        bans_.begin();
        faults_.report_no_memory("watch");
    }
}

/// Whether the database can be read again after a failure, which was logged.
void reader::probe()
{
    try {
        database_->integer("SELECT count(*) FROM schema_migrations");
        queue_.statistics().fault.clear();
    } catch (error const&) {  // the fault stays
    }
}

void reader::notify_lost()
{
    if (notified_of_loss_) return;
    if (watch_.on_store_lost) watch_.on_store_lost(files_.reason());
    notified_of_loss_ = true;
}

void reader::close_lost()
{
    if (closed_others_) return;
    if (database_) database_->keep_log_on_close();
    database_.reset();
    close_others_();
    closed_others_ = true;
}

void reader::notify_ended()
{
    bool rewound = false;
    std::vector<ended_session> sessions;
    try {
        sessions = read_ended(rewound);
    } catch (error const& problem) {
        faults_.report("watch", problem);
        queue_.statistics().fault.set(problem.what());
        return;
    }
    if (!sessions.empty()) watch_.on_sessions_ended(sessions);
    if (rewound) bans_.begin();  // an older database has another count of changes
    if (rewound && watch_.on_reports_missed) watch_.on_reports_missed();
}

void reader::notify_bans()
{
    try {
        if (auto const changed = bans_.look(*database_, steady_clock::now())) ban_watch_(*changed);
    } catch (error const& problem) {
        faults_.report("watch", problem);
    }
}

std::vector<ended_session> reader::read_ended(bool& rewound)
{
    std::vector<ended_session> sessions;
    // Read first: a later commit changes it again.
    auto const version = database_->integer("PRAGMA data_version");
    if (version == seen_version_) return sessions;
    // .restore of the sqlite3 shell may have put a database of another version here.
    if (auto const found = database_->integer("PRAGMA user_version"); found != newest_version()) {
        files_.mark_wrong_version(found, newest_version());
        return sessions;
    }
    auto last = notified_until_;
    // .restore of the sqlite3 shell may have put an older database here.
    if (auto const greatest = database_->integer(last_journal_id); greatest < last) {
        rewound = true;
        last = greatest;
    }
    statement ended{*database_,
                    "SELECT id, session_id, account_name, cause FROM ended_sessions WHERE id > ?1 ORDER BY id LIMIT ?2",
                    last, max_ended_read};
    while (ended.step()) {
        last = ended.integer(0);
        // As bytes: a session with a damaged name is reported, too. The log escapes it.
        sessions.push_back({ended.integer(1), ended.bytes(2), ended.bytes(3)});
    }
    notified_until_ = last;
    if (std::ssize(sessions) < max_ended_read) {
        seen_version_ = version;
    } else {
        next_check_ = steady_clock::now();  // there may be more
    }
    return sessions;
}

}  // namespace porter::detail::store::sqlite
