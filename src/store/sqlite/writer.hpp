#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <thread>

#include "store/sqlite/database.hpp"
#include "store/sqlite/fault_log.hpp"
#include "store/sqlite/file_watch.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/job_queue.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite {

/// The one thread that writes. It puts whatever waits into one transaction, because the disk takes as long for one as
/// for a hundred, and answers after the commit; nothing is written any more once the files are lost. It also moves the
/// write-ahead log into the file, and prunes the journal of endings.
class writer {
public:
    writer(std::unique_ptr<database> connection, options const& rules, file_watch& files, fault_log& faults);
    /// Finishes what is queued.
    ~writer();
    writer(writer const&) = delete;
    writer& operator=(writer const&) = delete;

    job_queue& queue() noexcept { return queue_; }

    /// The files are lost: waits until the connection to them is closed.
    void close_lost();

private:
    class nudge;
    using waiting_jobs = std::span<std::unique_ptr<job>>;

    void run();
    void write(waiting_jobs waiting);
    void commit(waiting_jobs waiting);
    void attempt(job& part);
    waiting_jobs fail_overdue(waiting_jobs waiting);
    void abandon_files();
    void maintain();

    options const options_;
    file_watch& files_;
    fault_log& faults_;
    std::unique_ptr<database> database_;  // none once the files are lost
    int next_checkpoint_;                 // pages of write-ahead log
    job_queue queue_;
    std::thread thread_;
};

}  // namespace porter::detail::store::sqlite
