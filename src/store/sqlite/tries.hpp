#pragma once

#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::rooms::store::sqlite {

/// What the database holds of earlier tries that one of this account (none: of nobody's) from this network would be
/// judged by: `judge(tries_of(...), rules, now)` is what would happen to it. May throw failure.
tries_so_far tries_of(database& db, std::optional<account_id> account, std::string const& network,
                      throttle_rules const& rules, base::instant now);

/// A counted try succeeded: it is undone, with those before it on its ladder. As a part of a transaction; may throw
/// failure.
void undo_proved_try(database& db, counted_try const& proved);

/// Gives back what a process that ended left undecided; may throw failure.
void give_back_undecided(database& db);

/// An account was accessed from a network: from now on the network has a ladder of its own for it. As a part of a
/// transaction; may throw failure.
void note_network(database& db, account_id account, std::string const& network, base::timestamp at);

class tries final : public store::tries {
public:
    explicit tries(job_queue& writes) : writes_(writes) {}

    task<result<judged_try>> begin(secret_try asked, throttle_rules rules) override;
    task<result<void>> fail(counted_try decided) override;
    task<result<void>> give_back(std::vector<counted_try> undecided) override;

private:
    job_queue& writes_;
};

}  // namespace porter::rooms::store::sqlite
