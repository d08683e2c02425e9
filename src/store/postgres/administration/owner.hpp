#pragma once

#include "store/postgres/administration/blocking_connection.hpp"

namespace porter::detail::store::postgres::administration {

/// Checks that this session may act as the owner of the schema, and that tools/postgres/roles.sql has made both. Throws
/// start_error (configuration), which says what to do; administration_error.
void reject_other_role(blocking_connection& db);

/// The statements that begin a transaction as the owner: it alone can change the schema, and rows of each table.
segment become_owner();

/// The schema as the owner sees it: the versions alone, which are 0 if there are no tables. Throws start_error
/// (bad_data) if it is too new for this program; administration_error.
schema read_versions(blocking_connection& db, transaction& within);

}  // namespace porter::detail::store::postgres::administration
