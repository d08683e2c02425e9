#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/throttle.hpp"

namespace porter::detail::store::sqlite::administration {

/// An account as an administrator sees it, without secrets.
struct account_row {
    account_id id = 0;
    std::string name;
    std::string folded_name;
    base::timestamp created_at{};
    std::optional<base::timestamp> disabled_at;
    std::optional<base::timestamp> last_login_at;
    std::string last_address;
    std::uint32_t failed_since = 0;
    std::optional<base::timestamp> last_failed_at;
    std::uint32_t failed_from_unknown = 0;  ///< in a row, from networks that are not known to the account
    std::uint32_t sessions = 0;             ///< including expired ones that are not pruned
    std::uint32_t addresses = 0;            ///< at which it was the last one seen
};

/// All accounts, by folded name.
std::vector<account_row> list_accounts(database& db);

std::optional<account_row> find_account(database& db, std::string const& folded_name);

/// The stored hash, not to be shown; empty: there is no account with this id.
std::string password_hash_of(database& db, account_id id);

/// Calls `callback` with the id, the name and the stored hash of each account, in the order of ids. The hash is not to
/// be shown.
void for_each_password_hash(
    database& db, std::function<void(account_id, std::string const& name, std::string const& hash)> const& callback);

/// Adds an account and returns its id. Errors: name_taken.
result<account_id> add_account(database& db, std::string const& name, std::string const& folded_name,
                               std::string const& password_hash, base::timestamp now);

/// Sets another password, ends every session, and resets the failure counters and with them a lock. Returns the number
/// of ended sessions. Errors: not_found.
result<std::size_t> set_password(database& db, account_id id, std::string const& password_hash);

/// Renames an account, which keeps its sessions; its addresses get the new name. Errors: not_found, name_taken.
result<void> rename_account(database& db, account_id id, std::string const& name, std::string const& folded_name);

/// Disables an account, unless it is already, and ends its sessions. Returns their number. Errors: not_found.
result<std::size_t> disable_account(database& db, account_id id, base::timestamp now);

/// Enables an account and resets its failure counters, and with them a lock. Errors: not_found.
result<void> enable_account(database& db, account_id id);

/// Deletes an account with its sessions and addresses. Errors: not_found.
result<void> delete_account(database& db, account_id id);

/// A failure counter of an account.
struct counter_row {
    std::string network;  ///< a known one; empty: all others together
    store::failure_counter counter;
};

/// The failure counters of an account, that of unknown networks first.
std::vector<counter_row> list_counters(database& db, account_id account);

}  // namespace porter::detail::store::sqlite::administration
