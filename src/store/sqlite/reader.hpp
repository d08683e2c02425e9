#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/fault_log.hpp"
#include "store/sqlite/file_watch.hpp"
#include "store/sqlite/job_queue.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite {

/// The one thread that reads, by a connection that cannot write: nobody's lock keeps it from answering. It also
/// watches for sessions that end: whenever something was committed, by whomever, it reads what is new in the journal;
/// and for files that are lost.
class reader {
public:
    /// `close_others` closes what else this process has open of lost files: SQLite keeps their index for all of its
    /// connections to one file, so that a new one would see what the lost ones saw. All arguments outlive this.
    reader(options const& rules, file_watch& files, fault_log& faults, std::function<void()> close_others);
    /// Finishes what is queued.
    ~reader();
    reader(reader const&) = delete;
    reader& operator=(reader const&) = delete;

    job_queue& queue() noexcept { return queue_; }

    /// See sessions::watch.
    void watch(session_watch watcher);

private:
    class start_of_watch;

    void run();
    void reply(job& asked);
    void run(job& asked);
    void check_for_changes();
    void close_lost();
    void notify_ended();
    /// The endings since the last look; `rewound`: the journal is an older one than was read already.
    std::vector<ended_session> read_ended(bool& rewound);

    options const options_;
    file_watch& files_;
    fault_log& faults_;
    std::function<void()> close_others_;
    std::unique_ptr<database> database_;  // none once the files are lost
    job_queue queue_;

    // Of the thread alone.
    std::chrono::steady_clock::time_point next_check_ = std::chrono::steady_clock::time_point::max();
    std::int64_t seen_version_ = 0;    // PRAGMA data_version at the last look
    std::int64_t notified_until_ = 0;  // in the journal
    bool notified_of_loss_ = false;

    std::mutex mutex_;  // guards watcher_, and is held while it is called
    session_watch watcher_;

    std::thread thread_;
};

}  // namespace porter::detail::store::sqlite
