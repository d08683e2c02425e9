#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "store/audit.hpp"
#include "store/postgres/result_set.hpp"
#include "store/postgres/segment.hpp"

/// The rows of audit in a database, which are sealed in the order in which servers find them. Reading may throw
/// column_error.
namespace porter::detail::store::postgres {

/// Columns 0 to 10: id, at, actor, action, account_id, account, object, before, after, number, seal.
audit_row read_audit_row(row const& from);

inline constexpr char const* find_audit_head =
    "SELECT pruned_number, pruned_seal, last_number, last_seal, tag FROM audit_head";

/// The row of find_audit_head.
audit_head read_audit_head(row const& from);

/// The next rows that are not sealed, $1 at most.
inline constexpr char const* find_unsealed_audit =
    "SELECT id, at, actor, action, account_id, account, object, before, after, number, seal FROM audit"
    " WHERE number IS NULL ORDER BY id LIMIT $1";

/// The change that seals these rows, which have their seals, and writes `head`, the signed head after them. `before` is
/// the head that they were sealed after. Its answer is whether that was still the head.
segment segment_of_seals(audit_head const& before, audit_head const& head, std::span<audit_row const> rows);

}  // namespace porter::detail::store::postgres
