#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

/// An account as an administrator sees it: no secret in it.
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
    std::uint32_t failed_from_unknown = 0;  ///< in a row, from where the account is not known
    std::uint32_t sessions = 0;             ///< expired ones too, until somebody prunes them
    std::uint32_t addresses = 0;            ///< where it was seen last of all
};

/// By folded name.
std::vector<account_row> list_accounts(database& db);

std::optional<account_row> find_account(database& db, std::string const& folded_name);

/// To be judged, never shown. Empty: there is no such account.
std::string password_hash_of(database& db, account_id id);

/// Calls `judge` with the id, the name and the stored hash of each account, by id. The hash is to be judged, never
/// shown.
void for_each_password_hash(
    database& db, std::function<void(account_id, std::string const& name, std::string const& hash)> const& callback);

/// Errors: name_taken.
result<account_id> add_account(database& db, std::string const& name, std::string const& folded_name,
                               std::string const& password_hash, base::timestamp now);

/// Sets another password, ends every session and forgets the failed tries, and with them a lock. How many sessions
/// there were. Errors: not_found.
result<std::size_t> set_password(database& db, account_id id, std::string const& password_hash);

/// The account, its sessions and addresses stay what they are; the addresses are greeted by the new name. Errors:
/// not_found, name_taken.
result<void> rename_account(database& db, account_id id, std::string const& name, std::string const& folded_name);

/// Shuts it out and ends its sessions; how many. One that is disabled stays as it is. Errors: not_found.
result<std::size_t> disable_account(database& db, account_id id, base::timestamp now);

/// Lets it in again and forgets the failed tries, and with them a lock. Errors: not_found.
result<void> enable_account(database& db, account_id id);

/// Deletes it with its sessions and addresses. Errors: not_found.
result<void> delete_account(database& db, account_id id);

}  // namespace porter::detail::store::sqlite::administration
