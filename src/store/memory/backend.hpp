#pragma once

#include <memory>

#include "base/clock.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

/// A store that forgets everything when it ends: for tests, and for servers that keep no accounts. Operations are done
/// at once, on the calling thread. Safe from any thread.
class backend {
public:
    backend();
    ~backend();
    backend(backend const&) = delete;
    backend& operator=(backend const&) = delete;

    store::ports ports() noexcept;

    // What an administrator does to a database beside the ports, and what happens to one. Each is done when it returns.

    /// Adds an account; its `id`, `credential_version` and `failed_since` are ignored. Errors: name_taken.
    result<account> add(account fresh);
    /// Shuts an account out from `at` on and ends its sessions; none: lets it in again.
    void disable(account_id id, std::optional<base::timestamp> at);
    /// Moves the absolute end of a session.
    void move_end(session_id id, base::timestamp expires_at);
    /// Deletes an account and what belongs to it.
    void remove(account_id id);
    /// While this is set every operation answers `unavailable` and changes nothing.
    void be_unavailable(bool down);
    /// The same after so many operations more.
    void be_unavailable_after(unsigned operations);

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace porter::detail::store::memory
