#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"
#include "store/unknown_names.hpp"

namespace porter::detail::store::sqlite {

/// The stored state that decides on an attempt at this account (none: at no account's password) from this network:
/// `decide(history_of(...), rules, now)` is the decision. May throw error.
attempt_history history_of(database& db, std::optional<account_id> account, std::string const& network,
                           throttle_rules const& rules, base::instant now);

/// Undoes an attempt that succeeded and resets its failure counter, within a transaction of the caller. May throw
/// error.
void undo_verified_attempt(database& db, counted_attempt const& attempt);

/// Rolls back the attempts that a previous process left pending. May throw error.
void rollback_pending(database& db);

/// Makes a network known to an account that was accessed from it: the network then has a failure counter of its own.
/// Within a transaction of the caller. May throw error.
void note_network(database& db, account_id account, std::string const& network, base::timestamp at);

/// The failure counters of unknown names are in memory: only this process uses the file.
class attempts final : public store::attempts {
public:
    explicit attempts(job_queue& write_queue) : write_queue_(write_queue) {}

    task<result<attempt_result>> begin(secret_attempt attempt, throttle_rules rules) override;
    task<result<void>> fail(counted_attempt attempt) override;
    task<result<void>> rollback(std::vector<counted_attempt> pending) override;

private:
    class name_count;

    job_queue& write_queue_;
    unknown_names names_;
};

}  // namespace porter::detail::store::sqlite
