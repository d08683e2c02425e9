#pragma once

#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite {

/// A write transaction. Takes the write lock at the start, because a read transaction cannot take it after another
/// connection has written. Rolls back unless committed. May throw error.
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

/// A part of a transaction that rolls back by itself unless kept. May throw error.
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
