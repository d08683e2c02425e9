#include "store/sqlite/bans.hpp"

#include <utility>

namespace porter::detail::store::sqlite {

void bans::watch(ban_watch watcher)
{
    reader_.watch_bans(std::move(watcher));
}

}  // namespace porter::detail::store::sqlite
