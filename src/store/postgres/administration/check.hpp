#pragma once

#include <string>
#include <vector>

#include "store/postgres/administration/blocking_connection.hpp"

namespace porter::detail::store::postgres::administration {

/// As store::administration describes it. PostgreSQL checks a page when it reads it, if the cluster has checksums: this
/// reports what it has found so far. Throws administration_error.
std::vector<std::string> find_damage(blocking_connection& db);

/// As store::administration describes it: reads every account, and compares the names of the schema's objects with
/// those of the migrations. Throws administration_error.
std::vector<std::string> find_faults(blocking_connection& db);

}  // namespace porter::detail::store::postgres::administration
