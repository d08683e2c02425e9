#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/asio.hpp"
#include "base/condition_variable.hpp"
#include "log/logger.hpp"
#include "porter/task.hpp"
#include "store/ports.hpp"
#include "store/postgres/ban_journal.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/contact.hpp"
#include "store/postgres/fault_log.hpp"
#include "store/postgres/heartbeat.hpp"
#include "store/postgres/journal.hpp"
#include "store/postgres/options.hpp"
#include "store/postgres/reconnect_pause.hpp"
#include "store/postgres/servers.hpp"
#include "store/postgres/shared_clock.hpp"

namespace porter::detail::store::postgres {

/// Calls a session_watch: for the sessions that end, by whatever server or by hand, when this server is partitioned
/// from the primary, and when it has rejoined it. Calls a ban_watch for the bans, which it keeps while there is no
/// connection.
///
/// The journal is read and heartbeats are committed on one connection, which no operation uses: so it is known that the
/// journal is that of the primary. It is left for the next server when it is lost, when the server says that it is no
/// primary any more, when an answer takes longer than options.watch_patience, and after several errors in a row; not
/// because of a slow answer or a single error.
///
/// Threads: set(), set_bans(), wait_for_contact(), clock() and is_store_lost() on any but that of the executor, one
/// call of set() at a time. The callbacks are called on the executor's thread.
class watch {
public:
    /// What the rest of the store does about it, on the executor's thread.
    struct handlers {
        std::function<void()> on_lost;  ///< the store is lost; before session_watch::on_store_lost
        /// The one that has committed a heartbeat, before session_watch::on_rejoined; none when that is not known any
        /// more.
        std::function<void(std::optional<primary>)> on_primary;
        /// The journal was read, by a request of this time.
        std::function<void(std::chrono::steady_clock::time_point)> on_look;
    };

    /// Begins to connect. `executor`: of the one thread of a context that runs until this is destroyed. `log` outlives
    /// it.
    watch(options const& options, log::logger& log, io_executor executor, handlers calls = {});
    /// Waits until nothing of it runs.
    ~watch();
    watch(watch const&) = delete;
    watch& operator=(watch const&) = delete;

    /// Calls this one from now on; the previous one is not called any more when this returns. Reports the sessions that
    /// end after this call; without a connection also those before it, as the journal has them. Blocks for as long as a
    /// look takes, at most two patiences.
    void set(session_watch watcher);

    /// See bans::watch. Calls on the caller's thread if the bans were read before: wait_for_contact() waits for that.
    void set_bans(ban_watch watcher);

    /// Waits until a heartbeat was committed, so that the clock is the database's, and the bans were read. False: not
    /// within this time.
    bool wait_for_contact(std::chrono::milliseconds patience);

    shared_clock const& clock() const noexcept { return clock_; }

    /// Whether the schema has become too new for this program, as session_watch::on_store_lost reports.
    bool is_store_lost() const noexcept { return is_store_lost_; }

private:
    /// A set() that waits for its snapshot.
    struct waiting_watch {
        session_watch* watcher;
        std::promise<void>* done;
    };

    task<void> run();
    task<void> keep_watching();
    task<void> connect_and_watch();
    task<bool> look();
    task<bool> read_bans(std::chrono::steady_clock::time_point until);
    task<bool> beat();
    task<bool> prune();
    task<void> watch_contact();

    bool is_done(reply const& answer, int& errors);
    void install_without_snapshot() noexcept;
    void on_disconnected(std::string_view problem);
    void set_proved(bool is_proved);
    void install() noexcept;
    void report(journal_report const& found);
    void report_bans(std::vector<ban> read);
    void update_contact();
    void report_loss();
    void stop();

    options const options_;
    handlers const handlers_;
    fault_log faults_;
    io_executor executor_;
    shared_clock clock_;
    std::atomic<bool> is_store_lost_ = false;

    // On the executor's thread.
    servers servers_;
    connection conn_;
    reconnect_pause pause_;
    heartbeat heartbeat_;
    journal journal_;
    ban_journal ban_journal_;
    contact contact_;
    base::condition_variable due_;          // notified when keep_watching() has work, or at the end
    base::condition_variable contact_due_;  // notified at the end
    std::optional<primary> server_;         // while there is a connection
    bool is_proved_ = false;                // it has committed a heartbeat
    bool is_watched_ = false;               // set() was called
    int look_errors_ = 0;                   // in a row
    int ban_errors_ = 0;
    int beat_errors_ = 0;
    int prune_errors_ = 0;
    bool is_stopping_ = false;
    std::optional<waiting_watch> waiting_;

    std::mutex mutex_;  // held while a watcher is called
    session_watch watcher_;
    ban_watch ban_watcher_;
    std::optional<std::vector<ban>> bans_;  // as they were read last; none: not yet
    bool is_partitioned_ = false;           // as reported
    bool is_loss_reported_ = false;         // to any watcher
    bool has_contact_ = false;              // there was a first heartbeat
    std::condition_variable contacted_;     // when has_contact_ or bans_ is set

    std::future<void> ended_;
};

}  // namespace porter::detail::store::postgres
