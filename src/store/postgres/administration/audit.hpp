#pragma once

#include <vector>

#include "store/audit.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

/// The members of store::administration with the same names. May throw administration_error.
namespace porter::detail::store::postgres::administration {

std::vector<audit_row> list_audit(blocking_connection& db, audit_filter const& filter);
audit_report verify_audit(blocking_connection& db, audit_key const& key);

}  // namespace porter::detail::store::postgres::administration
