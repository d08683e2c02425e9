#pragma once

#include <cstdint>
#include <string_view>

#include "store/postgres/result_set.hpp"
#include "store/records.hpp"

/// The records that the columns of a row stand for. May throw column_error.
namespace porter::detail::store::postgres {

/// A bigint as a count: 0 for less, the maximum for more.
std::uint32_t count(row const& from, int column);

/// Columns 0 to 8: id, name, folded_name, password_hash, credential_version, created_at, disabled_at, failed_since,
/// whether it has a second factor.
account read_account(row const& from);

/// Columns 0 to 6: id, account_id, created_at, last_used_at, expires_at, address, transport.
session read_session(row const& from);

/// Three columns from `first` on: last_login_at, last_address, failed_since.
access_history read_history(row const& from, int first);

/// The value of the column `transport`.
std::string_view name_of(transport value) noexcept;

/// Locks the row of an account, $1. Every change of an account begins with this statement: what follows sees what the
/// last owner of the lock did. It also makes the transaction write something, so that the commit of a repeated segment
/// that has nothing left to do waits for the standby, as the first one should have.
inline constexpr char const* lock_account = "SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE";

/// Says in this transaction why sessions end, $1: a name_of(end_cause).
inline constexpr char const* set_end_cause = "SELECT set_config('porter.end_cause', $1, true)";

/// Does not wait for the disk or a standby: a crash may forget this transaction.
inline constexpr char const* commit_lazily = "SELECT set_config('synchronous_commit', 'off', true)";

}  // namespace porter::detail::store::postgres
