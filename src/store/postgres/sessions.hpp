#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/postgres/resolving.hpp"
#include "store/postgres/watch.hpp"

namespace porter::detail::store::postgres {

class sessions final : public store::sessions {
public:
    /// Both outlive it.
    sessions(resolver& by, postgres::watch& watched) : resolver_(by), watch_(watched) {}

    task<result<opened_session>> open(new_session record) override;
    task<result<opened_session>> open_first(account owner, new_session first) override;
    task<result<std::optional<found_session>>> find(token_digest digest) override;
    task<result<std::vector<session>>> list(account_id account, base::timestamp now,
                                            base::timestamp idle_since) override;
    task<result<void>> end(account_id account, session_id id, end_cause cause) override;
    task<result<void>> end_all(account_id account, end_cause cause) override;
    task<result<std::vector<session_id>>> touch(std::vector<session_activity> activities) override;
    /// Also deletes old attempts and codes, and the addresses beyond the limit for all: to count them takes too long
    /// for each new one.
    task<result<std::size_t>> prune(base::timestamp now, base::timestamp idle_since) override;
    task<result<std::vector<session_id>>> find_ended(std::vector<session_id> live, base::timestamp now) override;
    task<result<std::vector<session_id>>> ended_between(base::timestamp after, base::timestamp until) override;
    void watch(session_watch watcher) override;

private:
    resolver& resolver_;
    postgres::watch& watch_;
};

}  // namespace porter::detail::store::postgres
