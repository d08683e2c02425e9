#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "store/ports.hpp"

namespace porter::rooms::store::memory {

/// A store that forgets everything when it ends: for tests and for trying things out. Safe from any thread; every
/// operation is done before its task first suspends.
class store final : private accounts, private sessions, private addresses {
public:
    rooms::store::ports ports() { return {*this, *this, *this}; }

private:
    struct account_entry {
        rooms::store::account account;
        access_history history;
    };
    struct session_entry {
        rooms::store::session session;
        token_digest digest;
    };
    using session_map = std::map<session_id, session_entry>;

    task<result<std::optional<account>>> find(std::string folded_name) override;
    task<result<std::optional<account>>> find(account_id id) override;
    task<result<account>> add(account fresh) override;
    task<result<void>> count_failure(account_id id) override;
    task<result<void>> rehash(account_id id, std::string old_hash, std::string new_hash) override;
    task<result<void>> change_password(account_id id, std::string old_hash, std::string new_hash,
                                       session_id keep) override;

    task<result<opened_session>> open(new_session fresh) override;
    task<result<std::optional<found_session>>> find(token_digest digest) override;
    task<result<std::vector<session>>> list(account_id account, base::timestamp now,
                                            base::timestamp idle_since) override;
    task<result<void>> end(account_id account, session_id id) override;
    task<result<void>> end_all(account_id account) override;
    task<result<void>> touch(std::vector<session_use> uses) override;
    task<result<std::size_t>> prune(base::timestamp now, base::timestamp idle_since) override;
    void watch_ended(std::function<void(std::span<session_id const>)> ended) override;

    task<result<std::optional<std::string>>> name_of(std::string address) override;
    task<result<void>> record(std::string address, std::string name, std::optional<account_id> account,
                              base::timestamp at) override;

    /// Removes the sessions for which `doomed` holds and tells the watcher; how many.
    template <typename Predicate>
    std::size_t end_where(Predicate doomed);

    std::mutex mutex_;  // guards what follows; the watcher is called with it held, so that it can be taken away
    std::map<account_id, account_entry> accounts_;
    session_map sessions_;
    std::map<std::string, std::string> addresses_;
    account_id last_account_ = 0;
    session_id last_session_ = 0;
    std::function<void(std::span<session_id const>)> watcher_;
};

}  // namespace porter::rooms::store::memory
