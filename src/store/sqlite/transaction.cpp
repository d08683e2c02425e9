#include "store/sqlite/transaction.hpp"

#include <new>

#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

/// For destructors: when the rollback itself fails, SQLite rolls back the whole transaction.
void roll_back(database& db, std::string_view sql) noexcept
{
    if (!db.in_transaction()) return;  // after some errors SQLite rolls back by itself
    try {
        statement{db, sql}.run();
    } catch (error const&) {
    } catch (std::bad_alloc const&) {  // of the error
    }
}

/// So that a rollback does not have to: it may be the lack of memory that causes it.
void prepare(database& db, std::string_view sql)
{
    statement const prepared{db, sql};
}

}  // namespace

transaction::transaction(database& on) : database_(on)
{
    prepare(database_, "ROLLBACK");
    statement{database_, "BEGIN IMMEDIATE"}.run();
}

transaction::~transaction()
{
    roll_back(database_, "ROLLBACK");
}

void transaction::commit()
{
    statement{database_, "COMMIT"}.run();
}

savepoint::savepoint(database& on) : database_(on)
{
    prepare(database_, "ROLLBACK TO part");
    prepare(database_, "RELEASE part");
    statement{database_, "SAVEPOINT part"}.run();
}

savepoint::~savepoint()
{
    if (kept_) return;
    roll_back(database_, "ROLLBACK TO part");
    roll_back(database_, "RELEASE part");
}

void savepoint::keep()
{
    statement{database_, "RELEASE part"}.run();
    kept_ = true;
}

}  // namespace porter::detail::store::sqlite
