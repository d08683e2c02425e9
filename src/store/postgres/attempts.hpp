#pragma once

#include <chrono>
#include <vector>

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/postgres/network_queue.hpp"
#include "store/postgres/resolving.hpp"

namespace porter::detail::store::postgres {

/// Undoes those of the attempts that are pending: locks what they count on, then the newest first, so that each
/// restores what it found. Those of the same moment are in the order of their ids, so that two rollbacks of the same
/// attempts never wait for each other.
segment segment_of_rollback(std::vector<counted_attempt> pending);

/// Attempts that one segment rolls back at most: someone may hold the lock of an account of one of them.
inline constexpr std::size_t rollbacks_at_once = 50;

/// The attempts of all servers. Locks are taken in this order: the account or the unknown name, the network, its site,
/// the rows of attempts.
///
/// begin() and fail() are durable on the primary when they resume: a failover may lose the last ones. An attempt of a
/// server that stopped is rolled back by any other (attempts_upkeep.hpp).
class attempts final : public store::attempts {
public:
    /// `by` outlives it. `patience`: how long a begin() waits for others of its network until it is unavailable.
    attempts(resolver& by, std::chrono::milliseconds patience) : resolver_(by), patience_(patience) {}

    /// The decision is made by SQL, in the transaction that counts the attempt. One of a network at a time.
    task<result<attempt_result>> begin(secret_attempt attempt, throttle_rules rules) override;

    /// Unavailable also when the attempt is neither pending nor stored as failed.
    task<result<void>> fail(counted_attempt attempt) override;
    task<result<void>> rollback(std::vector<counted_attempt> pending) override;

private:
    resolver& resolver_;
    std::chrono::milliseconds const patience_;
    network_queue queue_;
};

/// Deletes attempts and registrations older than registration_window, on which no decision depends. Several servers may
/// do so at once.
task<result<void>> prune_attempts(resolver& by, base::instant now);

}  // namespace porter::detail::store::postgres
