#pragma once

#include <string_view>

#include "store/records.hpp"
#include "store/sqlite/statement.hpp"

/// The records that the columns of a row stand for. May throw error: see statement::text().
namespace porter::detail::store::sqlite {

/// Columns 0 to 8: id, name, folded_name, password_hash, credential_version, created_at, disabled_at, failed_since,
/// whether it has a second factor.
account read_account(statement const& row);

/// Columns 0 to 6: id, account_id, created_at, last_used_at, expires_at, address, transport.
session read_session(statement const& row);

/// Three columns from `first` on: last_login_at, last_address, failed_since.
access_history read_history(statement const& row, int first);

/// The value of the column `transport`.
std::string_view name_of(transport value) noexcept;

}  // namespace porter::detail::store::sqlite
