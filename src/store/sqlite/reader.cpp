#include "store/sqlite/reader.hpp"

#include "store/sqlite/existing_file.hpp"

#include <future>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/thread.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

using std::chrono::steady_clock;

/// Sessions are to end everywhere within a second; a look costs microseconds while nothing was committed.
constexpr std::chrono::milliseconds between_looks{200};

/// Endings that are read in one go: a bound for the memory, and for how long a look-up may have to wait for the watch.
constexpr std::int64_t endings_at_once = 1024;

/// The greatest number that the journal ever gave.
constexpr std::string_view last_ending = "SELECT seq FROM sqlite_sequence WHERE name = 'ended_sessions'";

/// A bound for how long the first of them waits for the last, and the journal for all.
constexpr std::size_t jobs_at_once = 32;

}  // namespace

/// Runs on the thread, so that the watch begins between two looks; whoever made it waits for it.
class reader::start_of_watch final : public job {
public:
    start_of_watch(reader& owner, session_watch watcher) : owner_(owner), watcher_(std::move(watcher)) {}

    bool run(database& db) override
    {
        owner_.seen_version_ = db.integer("PRAGMA data_version");
        owner_.notified_until_ = db.integer(last_ending);
        return true;
    }

    /// Nothing: then it begins where the last watch, or the journal, began, and tells more than was asked for.
    void fail() override {}

    void finish() override
    {
        owner_.next_check_ = steady_clock::now();
        {
            std::lock_guard const lock{owner_.mutex_};
            owner_.watcher_ = std::move(watcher_);
        }
        done_.set_value();
    }

    std::future<void> done() { return done_.get_future(); }

private:
    reader& owner_;
    session_watch watcher_;
    std::promise<void> done_;
};

reader::reader(options const& rules, file_watch& files, fault_log& faults, std::function<void()> close_others)
    : options_(rules),
      files_(files),
      faults_(faults),
      close_others_(std::move(close_others)),
      database_(std::make_unique<database>(rules.path, database::access::read_only)),
      queue_(rules.queue_limit)
{
    database_->wait_for_locks(rules.busy_timeout);
    thread_ = std::thread{[this] { run(); }};
}

reader::~reader()
{
    queue_.close();
    thread_.join();
}

void reader::watch(session_watch watcher)
{
    {
        std::lock_guard const lock{mutex_};
        watcher_ = {};
    }
    if (!watcher.ended) return;
    auto start = std::make_unique<start_of_watch>(*this, std::move(watcher));
    auto done = start->done();
    queue_.push(std::move(start));
    done.wait();
}

void reader::run()
{
    base::set_thread_name("store-look-ups");
    while (!queue_.is_finished()) {
        auto const asked = queue_.take(jobs_at_once, next_check_);
        for (auto const& one : asked) reply(*one);
        for (auto const& one : asked) one->finish();
        if (steady_clock::now() >= next_check_) check_for_changes();
    }
}

void reader::reply(job& asked)
{
    try {
        run(asked);
    } catch (error const& problem) {
        faults_.report("look-up", problem);
        asked.fail();
    }
}

void reader::run(job& asked)
{
    if (!files_.is_lost()) {
        asked.run(*database_);
    } else if (asked.reads == job::reading::what_is_there_now) {
        close_lost();
        database fresh{options_.path, database::access::read_only};
        fresh.leave_log_when_closing();
        fresh.wait_for_locks(options_.busy_timeout);
        asked.run(fresh);
    } else {
        asked.fail();
    }
}

void reader::check_for_changes()
{
    std::lock_guard const lock{mutex_};
    if (!watcher_.ended) {
        next_check_ = steady_clock::time_point::max();
        return;
    }
    next_check_ = steady_clock::now() + between_looks;
    if (!files_.is_lost()) {
        notify_ended();
    } else if (!std::exchange(notified_of_loss_, true) && watcher_.lost) {
        watcher_.lost(files_.reason());
    }
}

void reader::close_lost()
{
    if (!database_) return;
    database_->leave_log_when_closing();
    database_.reset();
    close_others_();
}

void reader::notify_ended()
{
    bool rewound = false;
    std::vector<ended_session> all;
    try {
        all = read_ended(rewound);
    } catch (error const& problem) {
        faults_.report("watch", problem);
        return;
    }
    if (!all.empty()) watcher_.ended(all);
    if (rewound && watcher_.missed) watcher_.missed();
}

std::vector<ended_session> reader::read_ended(bool& rewound)
{
    std::vector<ended_session> all;
    // Read first: what is committed after this moves it again.
    auto const version = database_->integer("PRAGMA data_version");
    if (version == seen_version_) return all;
    // One of another version, as .restore puts it there, has not what this program asks for.
    if (auto const found = database_->integer("PRAGMA user_version"); found != newest_version()) {
        files_.mark_wrong_version(found, newest_version());
        return all;
    }
    auto last = notified_until_;
    // An older database was put in place of what was here, as .restore of the sqlite3 shell does.
    if (auto const greatest = database_->integer(last_ending); greatest < last) {
        rewound = true;
        last = greatest;
    }
    statement ended{*database_,
                    "SELECT id, session_id, account_name, cause FROM ended_sessions WHERE id > ?1 ORDER BY id LIMIT ?2",
                    last, endings_at_once};
    while (ended.step()) {
        last = ended.integer(0);
        // As bytes: a damaged name must not keep an ending from being heard of. The log escapes it.
        all.push_back({ended.integer(1), ended.bytes(2), ended.bytes(3)});
    }
    notified_until_ = last;
    if (std::ssize(all) < endings_at_once) {
        seen_version_ = version;
    } else {
        next_check_ = steady_clock::now();  // there may be more
    }
    return all;
}

}  // namespace porter::detail::store::sqlite
