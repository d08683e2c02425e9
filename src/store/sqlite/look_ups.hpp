#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <span>
#include <thread>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/fault_log.hpp"
#include "store/sqlite/job_queue.hpp"
#include "store/sqlite/options.hpp"

namespace porter::rooms::store::sqlite {

/// The one thread that reads, by a connection that cannot write: nobody's lock keeps it from answering. It also
/// watches for sessions that end: whenever something was committed, by whomever, it reads what is new in the journal.
class look_ups {
public:
    using watcher = std::function<void(std::span<session_id const>)>;

    look_ups(options const& rules, fault_log& faults);
    /// Finishes what is queued.
    ~look_ups();
    look_ups(look_ups const&) = delete;
    look_ups& operator=(look_ups const&) = delete;

    job_queue& queue() noexcept { return queue_; }

    /// See sessions::watch_ended.
    void watch(watcher ended);

private:
    class start_of_watch;

    void serve();
    void answer(job& asked);
    void tell_new_endings();

    fault_log& faults_;
    database database_;
    job_queue queue_;

    // Of the thread alone.
    std::chrono::steady_clock::time_point next_look_ = std::chrono::steady_clock::time_point::max();
    std::int64_t seen_version_ = 0;  // PRAGMA data_version at the last look
    std::int64_t told_until_ = 0;    // in the journal

    std::mutex mutex_;  // guards ended_, and is held while it is called
    watcher ended_;

    std::thread thread_;
};

}  // namespace porter::rooms::store::sqlite
