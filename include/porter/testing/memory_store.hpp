#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "porter/clock.hpp"
#include "porter/store/ports.hpp"
#include "porter/store/records.hpp"

namespace porter::testing {

/// A store in memory. Operations complete at once, on the calling thread. All members may be called from any thread.
class memory_store {
public:
    memory_store();
    ~memory_store();
    memory_store(memory_store const&) = delete;
    memory_store& operator=(memory_store const&) = delete;

    /// For server_parts::store.
    store::ports ports() noexcept;

    // What an administrator does to a database, and faults. Each is done when it returns.

    /// Adds an account; its `id`, `credential_version` and `failed_since` are ignored. Errors: name_taken.
    store::result<store::account> add(store::account record);
    /// Adds an invitation.
    void add(store::invitation record);
    /// Adds a reset, which replaces that of the same account.
    void add(store::password_reset record);
    /// Disables an account at `at` and ends its sessions; none: enables it.
    void disable(store::account_id id, std::optional<timestamp> at);
    /// Sets the absolute end of a session.
    void set_expiry(store::session_id id, timestamp expires_at);
    /// Deletes an account with its sessions and addresses.
    void remove(store::account_id id);
    /// Makes every operation fail with `unavailable`, or work again.
    void set_unavailable(bool unavailable);
    /// Makes every operation fail after this number of further ones.
    void set_unavailable_after(unsigned operations);
    /// Reports that the store has lost contact with the other servers that share it, or that it has rejoined them.
    /// Operations go on.
    void set_partitioned(bool partitioned);
    /// Replaces all bans.
    void set_bans(std::vector<store::ban> bans);

private:
    struct tables;
    std::unique_ptr<tables> tables_;
};

}  // namespace porter::testing
