#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/postgres/outcome.hpp"
#include "store/postgres/segment.hpp"
#include "store/records.hpp"

namespace porter::detail::store::postgres {

/// What a look into the journal has found.
struct journal_report {
    std::vector<ended_session> ended;  ///< in the order of their transactions' numbers
    bool is_incomplete = false;        ///< further sessions may have ended
};

/// Reads the journal of ended sessions by the difference of two snapshots: what is visible now and was not at the last
/// look. Transactions become visible in another order than that of their numbers and of their times, and one that was
/// open for a day is reported when it is committed.
///
/// A snapshot is worth something on its own connection only: after a failover the numbers of transactions come again.
/// A new connection reports the whole journal again, so sessions are reported more than once.
///
/// It makes segments and reads their replies; it knows no connection. For one thread. Members that read a reply throw
/// column_error.
class journal {
public:
    using time = std::chrono::steady_clock::time_point;

    /// Entries are kept for at least this long after they became visible.
    static constexpr std::chrono::minutes kept{10};
    /// A look that comes later than this after the last one may miss entries. Well below `kept`, which is measured by
    /// another server.
    static constexpr std::chrono::minutes longest_gap{8};
    /// A new connection reports this many of the latest entries. If there are more, the report is incomplete: to ask
    /// about each live session is then less work.
    static constexpr std::int64_t most_repeated = 20'000;
    /// Entries that one segment removes.
    static constexpr std::int64_t pruned_at_once = 500;

    explicit journal(time now) noexcept : looked_at_(now) {}

    /// The connection is a new one.
    void on_connected() noexcept
    {
        snapshot_.clear();
        noted_.reset();
    }

    /// The next look takes a snapshot only, and reports nothing: reports begin with it.
    void begin() noexcept { is_beginning_ = true; }
    /// The next look reports the whole journal: reports begin now, but there is no connection.
    void begin_without_snapshot(time now) noexcept
    {
        snapshot_.clear();
        is_beginning_ = false;
        looked_at_ = now;
    }

    segment look(time now);
    /// `sent`: when the look was sent.
    journal_report take(reply const& answer, time sent);

    /// Removes old entries, when it is time to. The servers take turns.
    std::optional<segment> prune(time now) const;
    void on_pruned(reply const& answer);

private:
    enum class extent : std::uint8_t { snapshot, difference, all };

    /// What was visible at some time: the numbers of later transactions are not less than this one.
    struct note {
        time at;
        std::string oldest_running;
    };

    std::string snapshot_;  // of the last look on this connection; empty: none
    time looked_at_;
    extent asked_ = extent::snapshot;  // by the last look
    bool is_beginning_ = true;
    std::optional<note> noted_;
};

}  // namespace porter::detail::store::postgres
