#pragma once

#include <vector>

#include "store/administration_rows.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

namespace porter::detail::store::postgres::administration {

/// Applies the steps that the schema lacks as porter_owner, each in a transaction: one that fails leaves those before
/// it. Of several programs that do this at once one applies a step, and the others wait. A step that waits for a lock
/// of a server for two seconds fails. Returns the steps that it applied. Throws start_error: configuration if the role
/// may not; bad_data if its statements or the content make a step fail, which it names, or if the schema is too new for
/// this program. Throws administration_error, unavailable or io, if a step fails for another reason.
std::vector<applied_migration> migrate(blocking_connection& db);

/// The steps that were applied, in order. The schema has tables. Throws administration_error.
std::vector<applied_migration> list_migrations(blocking_connection& db);

}  // namespace porter::detail::store::postgres::administration
