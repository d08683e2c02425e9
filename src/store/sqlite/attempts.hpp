#pragma once

#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::detail::store::sqlite {

/// What the database holds of earlier tries that one of this account (none: of nobody's) from this network would be
/// judged by: `judge(tries_of(...), rules, now)` is what would happen to it. May throw failure.
attempt_history attempts_of(database& db, std::optional<account_id> account, std::string const& network,
                            throttle_rules const& rules, base::instant now);

/// A counted try succeeded: it is undone, with those before it on its counter. As a part of a transaction; may throw
/// failure.
void undo_verified_attempt(database& db, counted_attempt const& proved);

/// Gives back what a process that ended left undecided; may throw failure.
void rollback_pending(database& db);

/// An account was accessed from a network: from now on the network has a failure counter of its own for it. As a part
/// of a transaction; may throw failure.
void note_network(database& db, account_id account, std::string const& network, base::timestamp at);

class attempts final : public store::attempts {
public:
    explicit attempts(job_queue& writes) : writes_(writes) {}

    task<result<attempt_result>> begin(secret_attempt asked, throttle_rules rules) override;
    task<result<void>> fail(counted_attempt decided) override;
    task<result<void>> rollback(std::vector<counted_attempt> undecided) override;

private:
    job_queue& writes_;
};

}  // namespace porter::detail::store::sqlite
