#include "store/memory/bans.hpp"

#include <mutex>
#include <utility>

namespace porter::detail::store::memory {

void bans::watch(ban_watch watcher)
{
    std::lock_guard const lock{data_.watching};
    data_.ban_watch = std::move(watcher);
    if (data_.ban_watch) data_.ban_watch(data_.bans);
}

}  // namespace porter::detail::store::memory
