#pragma once

#include <chrono>

#include "log/logger.hpp"
#include "store/audit.hpp"
#include "store/postgres/pool.hpp"

/// What any server does for the rows of audit of all. Several may do so at once.
namespace porter::detail::store::postgres {

/// Seals the rows of audit in the background until the pool is destroyed, within this pause after a change, and deletes
/// those that are older than `keep` (0: none, otherwise at least a day). Logs `audit_sealed` once a minute while the
/// chain gets longer, `audit_pruned`, `audit_chain_begun`, and `audit_not_sealed` if the chain is of another key or was
/// changed. `log` outlives the pool.
void start_audit_upkeep(pool& by, log::logger& log, audit_key const& key, std::chrono::seconds keep,
                        std::chrono::milliseconds pause = std::chrono::seconds{1});

}  // namespace porter::detail::store::postgres
