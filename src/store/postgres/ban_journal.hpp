#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/postgres/outcome.hpp"
#include "store/postgres/segment.hpp"
#include "store/records.hpp"

namespace porter::detail::store::postgres {

/// Reads all bans when one has changed, by the number of changes that a look reads: a part at a time, so that a long
/// list on a slow line delays neither a look nor a heartbeat. It makes segments and reads their replies; it knows no
/// connection. For one thread. Members that read a reply throw column_error.
class ban_journal {
public:
    using time = std::chrono::steady_clock::time_point;

    /// The rows of a part: about 200 KB.
    static constexpr std::size_t bans_at_once = 5'000;

    /// The connection is a new one: after a failover another server may have other bans and the same number.
    void on_connected() noexcept;

    /// Adds a statement to a look.
    static void add_look(segment& work);
    /// Begins to read the bans if they have changed and are not being read. `found`: of that statement.
    void take_look(result_set const& found, time now);

    bool is_reading() const noexcept { return is_reading_; }
    /// The next part.
    segment read() const;
    /// All bans, at most most_bans + 1; none: there are more parts.
    std::optional<std::vector<ban>> take(reply const& answer, time now);

private:
    bool is_reading_ = false;
    std::vector<ban> bans_;                    // that were read so far
    std::string last_;                         // the network of the last one, as it is stored
    std::int64_t number_ = 0;                  // of changes before the first part
    std::optional<std::int64_t> seen_number_;  // of the bans that were read on this connection
    time next_ = time::min();                  // when they may be read again
};

}  // namespace porter::detail::store::postgres
