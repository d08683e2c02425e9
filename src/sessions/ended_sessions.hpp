#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <unordered_set>

#include "store/records.hpp"

namespace porter::detail::sessions {

/// The sessions that ended most recently. A connection reads its session first and is registered under the session's id
/// afterwards; it then asks here whether the session ended in between. That takes milliseconds, so the latest sessions
/// are enough. Ids are not reused, so old entries do no harm and no clock is needed. Safe from any thread.
class ended_sessions {
public:
    /// The minimum number of ended sessions that are kept; the maximum is twice that (about 5 MB).
    static constexpr std::size_t min_kept = 65'536;

    void add(std::span<store::session_id const> ended);
    bool contains(store::session_id id) const;

private:
    mutable std::mutex mutex_;
    std::unordered_set<store::session_id> recent_;
    std::unordered_set<store::session_id> older_;
};

}  // namespace porter::detail::sessions
