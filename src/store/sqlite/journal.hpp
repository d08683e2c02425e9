#pragma once

#include <string_view>

#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite {

/// Puts the cause into the journal for the sessions that the last DELETE removed. In the same transaction, at once.
void set_end_cause(database& db, std::string_view cause);

}  // namespace porter::detail::store::sqlite
