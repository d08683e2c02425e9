#pragma once

#include <cstdint>

#include "store/sqlite/database.hpp"

struct sqlite3_backup;

namespace porter::detail::store::sqlite {

/// Copies a whole database, some pages at a time, while others go on reading and writing it: SQLite's online backup.
/// What others commit meanwhile is not in the copy. Both connections outlive it. Every member may throw failure, unless
/// noexcept.
class online_backup {
public:
    /// `to` is an empty database; `from` is in no transaction, and gets one until this ends.
    online_backup(database& to, database& from);
    ~online_backup();
    online_backup(online_backup const&) = delete;
    online_backup& operator=(online_backup const&) = delete;

    /// Copies so many pages more. False: the copy is whole.
    bool step(int pages);

    /// Pages that are copied, of how many. Before the first step both are 0.
    std::uint64_t done() const noexcept;
    std::uint64_t total() const noexcept;

private:
    database& to_;
    database& from_;
    sqlite3_backup* handle_;
};

}  // namespace porter::detail::store::sqlite
