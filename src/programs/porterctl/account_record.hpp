#pragma once

#include "programs/porterctl/record.hpp"
#include "store/sqlite/administration/accounts.hpp"

namespace porter::programs {

/// An account as a row among others.
record account_row_of(detail::store::sqlite::administration::account_row const& one);

/// All that is known of it.
record account_record_of(detail::store::sqlite::database& db,
                         detail::store::sqlite::administration::account_row const& one);

}  // namespace porter::programs
