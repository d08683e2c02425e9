#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "auth/unknown_names.hpp"
#include "base/clock.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/error.hpp"
#include "porter/task.hpp"
#include "store/ports.hpp"

namespace porter::detail::auth {

/// A try that was counted as failed before it is decided, so that tries at the same time win nothing. A success undoes
/// it where it is stored (store::new_session, store::password_change); it is told that it failed, or given back.
struct attempt {
    store::counted_attempt counted;
    std::optional<unknown_names::key> unknown;  ///< the failure counter in memory that it counts on as well
};

/// Slows down those who guess. Safe from any I/O thread.
class throttle {
public:
    /// `max_registrations`: new accounts an hour from one network, and eight times as many from an IPv6 /48; 0: no
    /// limit.
    throttle(store::attempts& tries, base::clock const& clock, log::logger& log, std::uint32_t max_registrations = 0);

    /// Counts a try of a password. `account`: of the claimed name, none where no account has it. `name`: what makes two
    /// spellings one name. The work is the same either way. Errors: throttled (with the time to wait; 0: no time
    /// helps), busy (others that are not decided leave no room for it), unavailable: then nothing is counted.
    task<result<attempt>> begin(std::optional<store::account_id> account, std::string name, identity::address from);

    /// Counts a try that names no account: a token. Errors: as above.
    task<result<attempt>> begin(identity::address from);

    /// Counts a request for an account: a try until the account is there, and one of the network's registrations until
    /// it is known that there will be none. Errors: as above; throttled also when the network has made its share.
    task<result<attempt>> begin_registration(identity::address from);

    /// A try failed. No verdict is told before this is stored. Errors: unavailable, then it is given back.
    task<result<void>> fail(attempt decided);
    task<result<void>> fail(store::counted_attempt decided);

    /// A try was not decided, by a fault of ours or because nobody waits for it any more. When the store is down this
    /// is remembered, and done before the next try.
    task<void> rollback(attempt undecided);
    task<void> rollback(store::counted_attempt undecided);

private:
    task<result<store::attempt_result>> decide(store::secret_attempt asked, identity::address from);
    task<void> retry_rollbacks();
    void defer_rollback(std::vector<store::counted_attempt> undecided);

    store::attempts& attempts_;
    base::clock const& clock_;
    log::logger& log_;
    std::uint32_t max_registrations_;
    unknown_names unknown_;
    std::mutex mutex_;
    std::vector<store::counted_attempt> deferred_rollbacks_;
};

}  // namespace porter::detail::auth
