#pragma once

#include <chrono>
#include <cstddef>

#include "log/logger.hpp"
#include "porter/result.hpp"
#include "porter/task.hpp"
#include "store/limits.hpp"
#include "store/postgres/pool.hpp"
#include "store/records.hpp"

/// What any server does for the attempts of all. Several may do so at once.
namespace porter::detail::store::postgres {

/// How long an attempt has been pending, by the clock of the database, when its server must have stopped: much longer
/// than the check of a password takes.
inline constexpr std::chrono::seconds abandoned_after{60};

/// Rolls back the attempts that have been pending for this long by the clock of the database, each once. Errors:
/// unavailable. May throw column_error.
task<result<void>> rollback_abandoned(pool& by, std::chrono::seconds age = abandoned_after);

/// Deletes the counters of unknown names beyond the newest `most`, except where an attempt is pending. Errors:
/// unavailable.
task<result<void>> limit_unknown_names(pool& by, std::size_t most = most_unknown_names);

/// Does both in the background until the pool is destroyed, with this pause before each time. `log` outlives the pool.
void start_attempts_upkeep(pool& by, log::logger& log, std::chrono::seconds age = abandoned_after,
                           std::chrono::milliseconds pause = std::chrono::seconds{15});

}  // namespace porter::detail::store::postgres
