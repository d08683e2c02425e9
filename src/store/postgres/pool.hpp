#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "base/asio.hpp"
#include "log/logger.hpp"
#include "porter/task.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/fault_log.hpp"
#include "store/postgres/options.hpp"
#include "store/postgres/reconnect_pause.hpp"
#include "store/postgres/servers.hpp"
#include "store/statistics.hpp"

namespace porter::detail::store::postgres {

/// The connections to the primary, on one thread: libpq never meets two threads and never delays an I/O thread. A
/// connection that is lost is made again.
///
/// Threads: submit() on any. Destroy it after every task that uses it has ended, and before the io_contexts on which
/// they ran.
class pool {
public:
    /// Begins to connect. `log` outlives it.
    pool(options const& options, log::logger& log);
    ~pool();
    pool(pool const&) = delete;
    pool& operator=(pool const&) = delete;

    /// Which connections take a segment.
    enum class lane : std::uint8_t {
        changes,
        lookups,
    };

    /// Sends the segment by the connection of the lane that has fewest in flight, and resumes the task on its own
    /// executor.
    ///
    /// Outcomes: those of a reply, except `again`. A segment that did nothing because of other transactions or a
    /// failover, and a lost one that is repeatable, is sent again within the patience, at most five times in all.
    /// `unavailable`: also when options.queue_limit segments wait or run, or no connection took it within the patience.
    ///
    /// Cancellation: a segment that was accepted is completed; a cancelled task waits until then.
    task<reply> submit(lane by, segment work);

    /// Sends requests to this server alone, and drops the connections to others; none: requests wait until one is set.
    /// Before the first call each primary is good. On the pool's thread.
    void set_primary(std::optional<primary> proved);

    /// Runs `work`, background work of the store that may use this pool, on the pool's thread. `stop` is called there
    /// when the pool is destroyed, which waits until the work has ended.
    void run_background(task<void> work, std::function<void()> stop);
    /// Of the pool's thread.
    io_executor executor() noexcept { return io_.get_executor(); }

    /// Of the whole store: the watch writes its part. From any thread.
    store::statistics& statistics() noexcept { return statistics_; }

private:
    struct member;
    struct group;
    struct delivery;

    void take(request_list& one, group& by);
    void dispatch(group& among);
    void on_finished(request_list& finished, group& by);
    bool is_usable(member const& one) const noexcept;
    void finish(request_list& finished, lane by) noexcept;
    void report(request const& failed, group const& by);

    task<void> keep_connected(member& one, group& in);
    task<void> begin_opening(member& one);
    void end_opening(member& one) noexcept;
    task<void> connect_and_use(member& one, group& in);
    std::chrono::steady_clock::time_point give_up_overdue(group& in);
    task<void> watch_waiting(group& in);
    void note_connected(bool is_connected, std::string_view problem);

    void run();
    void stop();

    options const options_;
    log::logger& log_;
    fault_log faults_;
    store::statistics statistics_;
    std::atomic<std::size_t> accepted_ = 0;  // segments that wait or run

    asio::io_context io_{1};
    servers servers_;
    bool is_any_primary_good_ = true;
    std::optional<primary> primary_;  // the one that is proved
    reconnect_pause pause_;           // after an opening that has failed
    std::size_t openings_left_;       // further openings that may begin
    bool is_stopping_ = false;
    std::size_t connected_ = 0;  // of the connections for changes
    std::vector<std::unique_ptr<group>> groups_;
    std::vector<std::function<void()>> stop_handlers_;
    std::thread thread_;
};

}  // namespace porter::detail::store::postgres
