#pragma once

#include <chrono>
#include <memory>
#include <ranges>
#include <thread>

#include "log/logger.hpp"
#include "store/sqlite/audit_upkeep.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/fault_log.hpp"
#include "store/sqlite/file_watch.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/job_queue.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite {

/// The thread that writes. Commits all waiting jobs in one transaction, because a sync takes as long for one as for a
/// hundred, and completes them after the commit; writes nothing once the files are lost. Also checkpoints the
/// write-ahead log, prunes the journal of ended sessions, and seals the rows of audit that others have appended. After
/// a failure it tries once a second whether it can write again.
class writer {
public:
    /// All arguments outlive this object, but the connection, which it owns.
    writer(std::unique_ptr<database> connection, options const& options, file_watch& files, fault_log& faults,
           lane_statistics& statistics, log::logger& log);
    /// Completes the queued jobs.
    ~writer();
    writer(writer const&) = delete;
    writer& operator=(writer const&) = delete;

    job_queue& queue() noexcept { return queue_; }

    /// To be called when the files are lost: waits until the connection to them is closed.
    void close_lost();

private:
    class wakeup;
    using waiting_jobs = std::ranges::subrange<job_queue::jobs::iterator>;

    void run();
    void write(waiting_jobs waiting);
    static void fail_all(waiting_jobs waiting);
    void commit(waiting_jobs waiting);
    void run_in_savepoint(job& request);
    waiting_jobs fail_overdue(waiting_jobs waiting);
    void abandon_files();
    void maintain();
    void probe();
    void keep_audit();

    options const options_;
    file_watch& files_;
    fault_log& faults_;
    std::unique_ptr<database> database_;  // none once the files are lost
    int next_checkpoint_;                 // pages of write-ahead log
    audit_upkeep audit_;
    job_queue queue_;
    std::thread thread_;
};

}  // namespace porter::detail::store::sqlite
