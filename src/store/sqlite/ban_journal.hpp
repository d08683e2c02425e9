#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite {

/// Reads all bans when one has changed. For the reader's thread alone.
class ban_journal {
public:
    using time = std::chrono::steady_clock::time_point;

    /// The next look reads the bans, changed or not.
    void begin() noexcept
    {
        seen_version_ = 0;
        seen_number_.reset();
        next_ = {};
    }

    /// All bans, at most most_bans + 1; none: they have not changed since the last look, or were read only just. Costs
    /// microseconds when nothing was committed. Throws error.
    std::optional<std::vector<ban>> look(database& db, time now);

private:
    std::int64_t seen_version_ = 0;            // PRAGMA data_version, which is never 0
    std::optional<std::int64_t> seen_number_;  // of changes
    time next_{};                              // when they may be read again
};

}  // namespace porter::detail::store::sqlite
