#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "store/postgres/outcome.hpp"
#include "store/postgres/segment.hpp"
#include "store/postgres/shared_clock.hpp"

namespace porter::detail::store::postgres {

/// The row of this server in `nodes`, which is written again and again by a synchronous commit: only the primary can
/// do that. The row's time is that of the database, by which the shared clock is set.
///
/// It makes segments and reads their replies; it knows no connection. For one thread.
class heartbeat {
public:
    using time = shared_clock::steady::time_point;

    /// Rows that were not written for this long are removed: of servers that have stopped.
    static constexpr std::chrono::days kept{7};

    /// With a random id. `clock` outlives it.
    explicit heartbeat(shared_clock& clock);

    /// The connection is a new one.
    void on_connected() noexcept { is_first_ = true; }

    segment beat() const;
    /// `sent`, `received`: when the segment was sent and its reply was there. Throws column_error.
    void take(reply const& answer, time sent, time received);

    /// The oldest schema_version of a program that can use the schema, as of the last beat.
    std::int64_t works_with() const noexcept { return works_with_; }

    std::int64_t id() const noexcept { return id_; }

private:
    shared_clock& clock_;
    std::int64_t id_;
    std::string machine_;
    std::int64_t works_with_ = 0;
    bool is_first_ = true;  // on its connection
};

}  // namespace porter::detail::store::postgres
