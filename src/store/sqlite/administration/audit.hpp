#pragma once

#include <vector>

#include "store/audit.hpp"
#include "store/sqlite/database.hpp"

/// The members of store::administration with the same names. May throw error.
namespace porter::detail::store::sqlite::administration {

std::vector<audit_row> list_audit(database& db, audit_filter const& filter);
audit_report verify_audit(database& db, audit_key const& key);

}  // namespace porter::detail::store::sqlite::administration
