#pragma once

#include <cstdint>

#include "store/sqlite/database.hpp"
#include "store/sqlite/transaction.hpp"

namespace porter::detail::store::sqlite {

/// A write transaction whose changes are by the author of the connection. May throw error.
class audited_transaction : public transaction {
public:
    explicit audited_transaction(database& on);

    /// Names the author in the rows of audit that the transaction has appended, deletes those of porterd that are for
    /// the log alone, seals some of the rows that wait for it, and commits.
    void commit();

private:
    database& database_;
    std::int64_t last_before_;  // id of the last row of audit; 0: none
};

}  // namespace porter::detail::store::sqlite
