#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <unordered_set>

#include "store/records.hpp"

namespace porter::detail::sessions {

/// The sessions that ended lately: what a connection asks once it can be found, so that an ending between reading its
/// session and being findable is not missed. That takes it milliseconds, so the latest endings are enough, and since
/// ids are never used again, remembering one for too long does no harm: no clock is needed. Safe from any thread.
class ended_sessions {
public:
    /// At least so many of the latest endings are remembered, and at most twice as many (about 5 MB).
    static constexpr std::size_t remembered = 65'536;

    void add(std::span<store::session_id const> ended);
    bool contains(store::session_id id) const;

private:
    mutable std::mutex mutex_;
    std::unordered_set<store::session_id> recent_;
    std::unordered_set<store::session_id> older_;
};

}  // namespace porter::detail::sessions
