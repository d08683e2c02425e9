#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "log/logger.hpp"
#include "porter/result.hpp"
#include "porter/task.hpp"
#include "store/postgres/options.hpp"
#include "store/postgres/pool.hpp"
#include "store/records.hpp"

namespace porter::detail::store::postgres {

/// The answer to a change: `done`, `refused` or `unavailable`.
struct resolved {
    postgres::reply reply;
    bool is_repeated = false;  ///< it may have been done by a segment before the one that this is the reply to
};

/// Sends segments until it is known what became of them.
///
/// A change whose reply was lost may have been committed, may still be waiting for the standby, or may never have
/// arrived. Each change of the ports has no further effect when it is repeated, and then answers as the first time. So
/// it is repeated: it waits for the lock that the first one holds, sees what that did, and its own commit confirms it.
/// When there is no answer within options.resolve_patience either, the change is unavailable, and is undone as soon as
/// the database is back, because `unavailable` promises that nothing was changed.
///
/// Threads: any.
class resolver {
public:
    /// `by` outlives every operation of this object, and `log` outlives `by`.
    resolver(pool& by, options const& options, log::logger& log);
    resolver(resolver const&) = delete;
    resolver& operator=(resolver const&) = delete;

    /// From now on every operation is unavailable, except look_up_lost(): the schema is one that this program cannot
    /// use. Changes on the way are completed, and those to undo are undone. False: it was called before.
    bool reject_all() noexcept { return !is_rejecting_.exchange(true); }

    /// From now on a change is not repeated, so that the end of the program does not wait for the database.
    void stop_repeating() noexcept { is_stopped_ = true; }

    /// Sends a look-up: `done` or `unavailable`.
    task<reply> look_up(segment work);
    /// The same, also after reject_all().
    task<reply> look_up_lost(segment work);

    /// Sends a change that may be repeated.
    ///
    /// `undo`: reverts it, if it was committed after all; none: that it was done does no harm to a caller who believes
    /// that it was not. It is sent twice, the second time after any connection that was lost has been given up by the
    /// server, too, so a change is not asked for again with the same keys after it was unavailable.
    ///
    /// Cancellation: a segment that was accepted is completed; a cancelled task waits until then.
    task<resolved> change(segment work, std::optional<segment> undo = std::nullopt);

    /// What `reader` makes of the results of a reply that is done. Any other reply is unavailable, and so is one that
    /// it cannot read (column_error), which is logged.
    template <typename Read>
    auto read(reply const& answer, Read const& reader) -> decltype(reader(answer.results))
    {
        if (answer.outcome != outcome::done) {
            if (answer.outcome == outcome::refused) report(answer.error.code, answer.error.message);
            return unexpected(errc::unavailable);
        }
        try {
            return reader(answer.results);
        } catch (column_error const& problem) {
            report({}, problem.what());
            return unexpected(errc::unavailable);
        }
    }

    /// How long the server may take to notice that a connection was lost and to end its last segment: tcp_user_timeout,
    /// statement_timeout and client_connection_check_interval, rounded up.
    static constexpr std::chrono::seconds late_commit{5};

private:
    struct undo_queue;

    task<resolved> repeat(segment const& work, std::optional<segment> const& undo);
    void defer(segment undo);
    void report(std::string_view code, std::string_view problem);

    pool& pool_;
    options const options_;
    std::atomic<bool> is_rejecting_ = false;
    std::atomic<bool> is_stopped_ = false;
    std::shared_ptr<undo_queue> undo_queue_;
};

}  // namespace porter::detail::store::postgres
