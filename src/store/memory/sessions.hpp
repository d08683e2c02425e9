#pragma once

#include "porter/result.hpp"
#include "store/memory/tables.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

/// sessions::open_first(), within an operation that is not down.
result<opened_session> open_first_session(operation& op, tables& data, account owner, new_session first);

/// sessions::open(), within an operation that is not down.
result<opened_session> open_session(operation& op, tables& data, new_session const& record);

class sessions final : public store::sessions {
public:
    explicit sessions(tables& data) : data_(data) {}

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
    tables& data_;
};

}  // namespace porter::detail::store::memory
