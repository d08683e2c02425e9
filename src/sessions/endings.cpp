#include "sessions/endings.hpp"

#include <utility>

namespace porter::rooms::sessions {

void endings::add(std::span<store::session_id const> ended)
{
    std::lock_guard const lock{mutex_};
    for (auto const id : ended) {
        if (recent_.size() >= remembered) older_ = std::exchange(recent_, {});
        recent_.insert(id);
    }
}

bool endings::contains(store::session_id id) const
{
    std::lock_guard const lock{mutex_};
    return recent_.contains(id) || older_.contains(id);
}

}  // namespace porter::rooms::sessions
