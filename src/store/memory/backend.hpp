#pragma once

#include <memory>

#include "base/clock.hpp"
#include "porter/result.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

/// A store in memory, for tests. Operations complete at once, on the calling thread. Safe from any thread.
class backend {
public:
    backend();
    ~backend();
    backend(backend const&) = delete;
    backend& operator=(backend const&) = delete;

    store::ports ports() noexcept;

    // What an administrator does to a database, and faults. Each is done when it returns.

    /// Adds an account; its `id`, `credential_version` and `failed_since` are ignored. Errors: name_taken.
    result<account> add(account record);
    /// Disables an account at `at` and ends its sessions; none: enables it.
    void disable(account_id id, std::optional<base::timestamp> at);
    /// Sets the absolute end of a session.
    void move_end(session_id id, base::timestamp expires_at);
    /// Deletes an account with its sessions and addresses.
    void remove(account_id id);
    /// Makes every operation fail with `unavailable`, or work again.
    void be_unavailable(bool down);
    /// The same after this number of further operations.
    void be_unavailable_after(unsigned operations);

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace porter::detail::store::memory
