#pragma once

#include "store/ports.hpp"
#include "store/postgres/watch.hpp"

namespace porter::detail::store::postgres {

class bans final : public store::bans {
public:
    /// `watch` outlives it.
    explicit bans(postgres::watch& watch) : watch_(watch) {}

    void watch(ban_watch watcher) override;

private:
    postgres::watch& watch_;
};

}  // namespace porter::detail::store::postgres
