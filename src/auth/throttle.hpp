#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "auth/name_digest.hpp"
#include "auth/recent_throttles.hpp"
#include "base/clock.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/result.hpp"
#include "porter/task.hpp"
#include "store/ports.hpp"

namespace porter::detail::auth {

/// Slows down guessing. An attempt counts as failed while it is pending, so that concurrent attempts gain nothing:
/// until it succeeds, which the store records (store::new_session, store::password_change), fails, or is rolled back.
/// Safe from any I/O thread.
class throttle {
public:
    /// `key`: of the names without an account; the same for all servers that share the store. `max_registrations`: new
    /// accounts of one network an hour, eight times as many of an IPv6 /48; 0: no limit.
    throttle(store::attempts& attempts, base::clock const& clock, log::logger& log, name_key const& key,
             std::uint32_t max_registrations = 0);

    /// Replaces the limit, for later registrations. From any thread.
    void set_max_registrations(std::uint32_t most) noexcept { max_registrations_ = most; }

    /// Begins an attempt at a password or a second factor. `account`: that of the claimed name, or none. `name`: the
    /// claimed one, folded; not used with an account. The work is the same for both. Errors, with nothing counted:
    /// throttled (with the time to wait; 0: waiting does not help), busy (too many pending attempts), unavailable.
    task<result<store::counted_attempt>> begin(std::optional<store::account_id> account, std::string name,
                                               identity::address from);

    /// Begins an attempt that names no account: at a token, or a code of an invitation or a reset. Errors: as above.
    task<result<store::counted_attempt>> begin(identity::address from);

    /// Begins a registration, which also counts as one of the network's registrations unless it fails. Errors: as
    /// above; throttled also when the network has used up its registrations.
    task<result<store::counted_attempt>> begin_registration(identity::address from);

    /// An attempt failed; the client is answered after this is stored. Errors: unavailable, and the attempt is rolled
    /// back.
    task<result<void>> fail(store::counted_attempt failed);

    /// Undoes an attempt that neither succeeded nor failed. When the store is unavailable, this is repeated before the
    /// next attempt.
    task<void> rollback(store::counted_attempt pending);

    /// What was denied as throttled of late. From any thread.
    recent_throttles const& recent() const noexcept { return recent_; }

private:
    /// A request without an account and a name.
    store::secret_attempt request_from(identity::address const& from) const;
    task<result<store::counted_attempt>> begin_stored(store::secret_attempt request, identity::address from);
    task<void> retry_rollbacks();
    void defer_rollback(std::vector<store::counted_attempt> pending);

    store::attempts& attempts_;
    base::clock const& clock_;
    log::logger& log_;
    name_key key_;
    std::atomic<std::uint32_t> max_registrations_;
    recent_throttles recent_;
    std::mutex mutex_;
    std::vector<store::counted_attempt> deferred_rollbacks_;
};

}  // namespace porter::detail::auth
