#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/sqlite/job_queue.hpp"
#include "store/sqlite/reader.hpp"

namespace porter::detail::store::sqlite {

class sessions final : public store::sessions {
public:
    sessions(reader& reader, job_queue& write_queue) : reader_(reader), write_queue_(write_queue) {}

    task<result<opened_session>> open(new_session record) override;
    task<result<opened_session>> open_first(account owner, new_session first) override;
    task<result<std::optional<found_session>>> find(token_digest digest) override;
    task<result<std::vector<session>>> list(account_id account, base::timestamp now,
                                            base::timestamp idle_since) override;
    task<result<void>> end(account_id account, session_id id, end_cause cause) override;
    task<result<void>> end_all(account_id account, end_cause cause) override;
    task<result<std::vector<session_id>>> touch(std::vector<session_activity> activities) override;
    task<result<std::size_t>> prune(base::timestamp now, base::timestamp idle_since) override;
    task<result<std::vector<session_id>>> find_ended(std::vector<session_id> live, base::timestamp now) override;
    task<result<std::vector<session_id>>> ended_between(base::timestamp after, base::timestamp until) override;
    void watch(session_watch watch) override;

private:
    reader& reader_;
    job_queue& write_queue_;
};

}  // namespace porter::detail::store::sqlite
