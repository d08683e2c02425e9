#include "sessions/ended_sessions.hpp"

#include <utility>

namespace porter::detail::sessions {

void ended_sessions::add(std::span<store::session_id const> ended)
{
    std::lock_guard const lock{mutex_};
    for (auto const id : ended) {
        if (recent_.size() >= min_kept) older_ = std::exchange(recent_, {});
        recent_.insert(id);
    }
}

bool ended_sessions::contains(store::session_id id) const
{
    std::lock_guard const lock{mutex_};
    return recent_.contains(id) || older_.contains(id);
}

}  // namespace porter::detail::sessions
