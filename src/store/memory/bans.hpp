#pragma once

#include "store/memory/tables.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

class bans final : public store::bans {
public:
    explicit bans(tables& data) : data_(data) {}

    void watch(ban_watch watcher) override;

private:
    tables& data_;
};

}  // namespace porter::detail::store::memory
