#include "store/postgres/bans.hpp"

#include <utility>

namespace porter::detail::store::postgres {

void bans::watch(ban_watch watcher)
{
    watch_.set_bans(std::move(watcher));
}

}  // namespace porter::detail::store::postgres
