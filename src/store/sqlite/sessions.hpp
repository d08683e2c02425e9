#pragma once

#include "store/ports.hpp"
#include "store/sqlite/job_queue.hpp"
#include "store/sqlite/look_ups.hpp"

namespace porter::rooms::store::sqlite {

class sessions final : public store::sessions {
public:
    sessions(look_ups& look_ups, job_queue& writes) : look_ups_(look_ups), writes_(writes) {}

    task<result<opened_session>> open(new_session fresh) override;
    task<result<opened_session>> open_first(account owner, new_session first) override;
    task<result<std::optional<found_session>>> find(token_digest digest) override;
    task<result<std::vector<session>>> list(account_id account, base::timestamp now,
                                            base::timestamp idle_since) override;
    task<result<void>> end(account_id account, session_id id, ending_cause why) override;
    task<result<void>> end_all(account_id account, ending_cause why) override;
    task<result<void>> touch(std::vector<session_use> uses) override;
    task<result<std::size_t>> prune(base::timestamp now, base::timestamp idle_since) override;
    task<result<std::vector<session_id>>> gone(std::vector<session_id> live, base::timestamp now) override;
    task<result<std::vector<session_id>>> ended_between(base::timestamp after, base::timestamp until) override;
    void watch(session_watch watcher) override;

private:
    look_ups& look_ups_;
    job_queue& writes_;
};

}  // namespace porter::rooms::store::sqlite
