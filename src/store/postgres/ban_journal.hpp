#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/postgres/outcome.hpp"
#include "store/postgres/segment.hpp"
#include "store/records.hpp"

namespace porter::detail::store::postgres {

/// Reads all bans when one has changed, by the number of changes that a look reads. It makes segments and reads their
/// replies; it knows no connection. For one thread. Members that read a reply throw column_error.
class ban_journal {
public:
    /// The connection is a new one: after a failover another server may have other bans and the same number.
    void on_connected() noexcept { seen_number_.reset(); }

    /// Adds a statement to a look.
    static void add_look(segment& work);
    /// Whether the bans must be read; `found`: of that statement.
    bool has_changed(result_set const& found);

    static segment read();
    /// All bans, at most most_bans + 1.
    std::vector<ban> take(reply const& answer);

private:
    std::int64_t found_number_ = 0;            // by the last look
    std::optional<std::int64_t> seen_number_;  // of the bans that were read on this connection
};

}  // namespace porter::detail::store::postgres
