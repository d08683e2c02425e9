#pragma once

#include <cstdint>

#include "store/sqlite/database.hpp"

struct sqlite3_backup;

namespace porter::detail::store::sqlite {

/// Copies a database page by page while others read and write it: SQLite's online backup. The copy has the state at its
/// start. Both connections outlive it. Every member may throw error, unless
/// noexcept.
class online_backup {
public:
    /// `to` is an empty database; `from` is in no transaction, and in one as long as this object lives.
    online_backup(database& to, database& from);
    ~online_backup();
    online_backup(online_backup const&) = delete;
    online_backup& operator=(online_backup const&) = delete;

    /// Copies the next `pages` pages. False: the copy is complete.
    bool step(int pages);

    /// Pages copied, and in all. Before the first step both are 0.
    std::uint64_t done() const noexcept;
    std::uint64_t total() const noexcept;

private:
    database& to_;
    database& from_;
    sqlite3_backup* handle_;
};

}  // namespace porter::detail::store::sqlite
