#pragma once

#include "store/administration_rows.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

namespace porter::detail::store::postgres::administration {

/// As store::administration describes it; the schema may be an earlier one, or absent. Throws start_error
/// (configuration) if the role has no privilege to read it; administration_error.
store_status status_of(blocking_connection& db);

}  // namespace porter::detail::store::postgres::administration
