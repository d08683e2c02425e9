#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "log/logger.hpp"
#include "store/audit.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/options.hpp"
#include "store/sqlite/statement.hpp"

/// The chain of the rows of audit in a file: rows are sealed in the order of their ids. Everything may throw error.
namespace porter::detail::store::sqlite {

/// Of the schema: older ones have no audit.
inline constexpr std::int64_t first_audited_version = 11;

/// Columns 0 to 10: id, at, actor, action, account_id, account, object, before, after, number, seal.
audit_row read_audit_row(statement const& row);

audit_head read_audit_head(database& db);

/// The id of the last row; 0: there is none.
std::int64_t last_audit_id(database& db);

/// Whether there are rows after the last sealed one.
bool has_unsealed_audit(database& db);

/// In a transaction: seals the next rows, 2,000 at most, if the author of the connection has the key and the
/// chain is as its owner left it; otherwise author().is_broken becomes true. Returns the number of the last row; 0:
/// it has sealed none.
std::int64_t seal_audit(database& db);

/// In a transaction: deletes rows that are older than this, 2,000 at most, so that the rest can be verified.
/// Returns their number.
std::size_t prune_audit(database& db, std::chrono::seconds keep);

/// After a migration from this version: begins the chain if that had no audit, under the key of the author, which may
/// be that of an earlier database. Returns whether it has. Without a key it does nothing.
bool begin_new_audit(database& db, std::int64_t version_before);

/// To be called at a start of porterd, after the migration from this version and before other changes. Sets the author
/// of the connection, with the key in options.audit_key_file. If there is no key, makes one and begins the chain anew,
/// with the rows that are there; that of a new database it begins under the key. Logs `audit_chain_begun`. Throws
/// start_error.
void open_audit(database& db, options const& options, std::int64_t version_before, log::logger& log);

}  // namespace porter::detail::store::sqlite
