#pragma once

#include <chrono>
#include <cstdint>

#include "log/logger.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/fault_log.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite {

/// What the writer does for the rows of audit between its other work: it seals the rows of other programs, deletes old
/// ones, and logs where the chain ends. For the writer's thread alone.
class audit_upkeep {
public:
    using time = std::chrono::steady_clock::time_point;

    /// How soon a row of another program is sealed.
    static constexpr std::chrono::seconds interval{1};

    /// `faults` and `log` outlive it.
    audit_upkeep(options const& options, fault_log& faults, log::logger& log)
        : keep_(options.audit_keep), faults_(faults), log_(log)
    {}

    /// When run() is to be called next; time::max(): never.
    time next() const noexcept { return next_; }

    /// Errors are logged, and the next call tries again. Waits for no lock. Logs the end of the chain, `audit_sealed`,
    /// once a minute while it moves: an older copy of the file does not have it.
    void run(database& db);

    /// Before the connection is closed: run(), and logs the end of the chain.
    void finish(database& db);

    /// The files are lost.
    void stop() noexcept { next_ = time::max(); }

private:
    void seal_and_prune(database& db);
    void log_end(database& db);
    void log_broken(database& db);

    std::chrono::seconds keep_;
    fault_log& faults_;
    log::logger& log_;
    time next_{};
    time next_prune_{};
    time next_line_{};
    std::int64_t logged_number_ = 0;
    bool is_broken_logged_ = false;
};

}  // namespace porter::detail::store::sqlite
