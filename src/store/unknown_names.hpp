#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "store/limits.hpp"
#include "store/records.hpp"
#include "store/throttle.hpp"

namespace porter::detail::store {

/// The failure counters of names that no account has, so that they behave like those of accounts. In memory, because
/// any client can make up names. Safe from any thread.
class unknown_names {
public:
    /// Beyond `max_size` names the one whose last attempt is oldest is dropped.
    explicit unknown_names(std::size_t max_size = most_unknown_names) : max_size_(max_size) {}

    struct begin_result {
        failure_counter before;   ///< before this attempt
        bool is_counted = false;  ///< by this call; false: the failure counter denies it, or it is pending already
        bool is_pending = false;  ///< other attempts at the name are pending
    };

    /// Decides on an attempt and counts it if it is allowed and not pending already.
    begin_result begin(name_digest const& name, attempt_id id, throttle_rules const& rules, base::instant at);

    /// A counted attempt failed. Does nothing if it is not pending.
    void fail(name_digest const& name, attempt_id id);

    /// Undoes a counted attempt. Does nothing if it is not pending.
    void rollback(name_digest const& name, attempt_id id);

private:
    struct pending_attempt {
        attempt_id id;
        base::instant at;
        base::instant last_before;  // of the failure counter, before this attempt
    };

    struct entry {
        name_digest name;
        failure_counter failures;
        std::vector<pending_attempt> pending;

        std::vector<pending_attempt>::iterator find(attempt_id id);
    };

    std::size_t max_size_;
    std::mutex mutex_;
    std::list<entry> by_age_;  // latest first
    std::map<name_digest, std::list<entry>::iterator> by_name_;
};

}  // namespace porter::detail::store
