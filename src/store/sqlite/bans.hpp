#pragma once

#include "store/ports.hpp"
#include "store/sqlite/reader.hpp"

namespace porter::detail::store::sqlite {

class bans final : public store::bans {
public:
    /// `reader` outlives it.
    explicit bans(sqlite::reader& reader) : reader_(reader) {}

    void watch(ban_watch watcher) override;

private:
    sqlite::reader& reader_;
};

}  // namespace porter::detail::store::sqlite
