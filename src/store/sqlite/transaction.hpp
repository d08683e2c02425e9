#pragma once

#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite {

/// A write transaction: from the start it holds the write lock, because a read transaction that wants it later is
/// refused at once when somebody else wrote meanwhile. What is not committed is undone. May throw failure.
class transaction {
public:
    explicit transaction(database& on);
    ~transaction();
    transaction(transaction const&) = delete;
    transaction& operator=(transaction const&) = delete;

    /// Returns when the changes are on the disk.
    void commit();

private:
    database& database_;
};

/// A part of a transaction that can be undone by itself. What is not kept is undone. May throw failure.
class savepoint {
public:
    explicit savepoint(database& on);
    ~savepoint();
    savepoint(savepoint const&) = delete;
    savepoint& operator=(savepoint const&) = delete;

    void keep();

private:
    database& database_;
    bool kept_ = false;
};

}  // namespace porter::detail::store::sqlite
