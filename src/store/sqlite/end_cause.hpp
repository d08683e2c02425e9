#pragma once

#include <string_view>

#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite {

/// Writes the cause into the journal and into the rows of audit, for the sessions that the last DELETE removed:
/// directly after it, in the same transaction.
void set_end_cause(database& db, std::string_view cause);

}  // namespace porter::detail::store::sqlite
