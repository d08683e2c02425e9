#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/ports.hpp"
#include "store/sqlite/ban_journal.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/fault_log.hpp"
#include "store/sqlite/file_watch.hpp"
#include "store/sqlite/job_queue.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite {

/// The thread that reads, by a read-only connection, which needs to wait for no lock. Also reads new entries of the
/// journal of ended sessions and changed bans after every commit by any program, and detects lost files.
class reader {
public:
    /// `close_others` closes the other connections of this process to lost files: SQLite shares their index among all
    /// connections to a file, so a new connection would read the lost data. All arguments outlive this object.
    reader(options const& options, file_watch& files, fault_log& faults, lane_statistics& statistics,
           std::function<void()> close_others);
    /// Completes the queued jobs.
    ~reader();
    reader(reader const&) = delete;
    reader& operator=(reader const&) = delete;

    job_queue& queue() noexcept { return queue_; }

    /// See sessions::watch.
    void watch(session_watch watch);
    /// See bans::watch.
    void watch_bans(ban_watch watch);

private:
    class watch_request;
    class ban_request;

    void run();
    void reply(job& request);
    void run(job& request);
    void check_for_changes();
    void close_lost();
    void run_and_wait(std::unique_ptr<job> request, std::future<void> done);
    void notify_ended();
    void notify_bans();
    void notify_lost();
    void probe();
    /// The journal's new entries. `rewound`: the journal is older than what was read already.
    std::vector<ended_session> read_ended(bool& rewound);

    options const options_;
    file_watch& files_;
    fault_log& faults_;
    std::function<void()> close_others_;
    std::unique_ptr<database> database_;  // none once the files are lost
    job_queue queue_;

    // Used by the thread alone.
    std::chrono::steady_clock::time_point next_check_ = std::chrono::steady_clock::time_point::max();
    std::int64_t seen_version_ = 0;    // PRAGMA data_version at the last check
    std::int64_t notified_until_ = 0;  // an id in the journal
    ban_journal bans_;
    bool notified_of_loss_ = false;
    bool closed_others_ = false;

    std::mutex mutex_;  // guards the watches and is held while they are called
    session_watch watch_;
    ban_watch ban_watch_;

    std::thread thread_;
};

}  // namespace porter::detail::store::sqlite
