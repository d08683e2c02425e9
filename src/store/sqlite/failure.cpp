#include "store/sqlite/failure.hpp"

#include <sqlite3.h>

namespace porter::rooms::store::sqlite {

bool failure::is_busy() const noexcept
{
    return code() == SQLITE_BUSY;
}

bool failure::is_bad_data() const noexcept
{
    // SQLITE_ERROR: a table, column or trigger is not what our statements expect.
    return code() == SQLITE_NOTADB || code() == SQLITE_CORRUPT || code() == SQLITE_ERROR || code() == SQLITE_SCHEMA;
}

bool failure::is_refusal() const noexcept
{
    return code() == SQLITE_CONSTRAINT || code() == SQLITE_TOOBIG || code() == SQLITE_MISMATCH;
}

}  // namespace porter::rooms::store::sqlite
