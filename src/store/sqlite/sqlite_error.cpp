#include "store/sqlite/sqlite_error.hpp"

#include <sqlite3.h>

namespace porter::detail::store::sqlite {

bool error::is_busy() const noexcept
{
    return code() == SQLITE_BUSY;
}

bool error::is_bad_data() const noexcept
{
    // SQLITE_ERROR: a table, column or trigger is not what our statements expect.
    return code() == SQLITE_NOTADB || code() == SQLITE_CORRUPT || code() == SQLITE_ERROR || code() == SQLITE_SCHEMA;
}

bool error::is_rejection() const noexcept
{
    return code() == SQLITE_CONSTRAINT || code() == SQLITE_TOOBIG || code() == SQLITE_MISMATCH;
}

}  // namespace porter::detail::store::sqlite
