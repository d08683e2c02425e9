#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

/// The operations of store::administration on accounts, which it describes. They throw administration_error.
namespace porter::detail::store::postgres::administration {

std::vector<account_row> list_accounts(blocking_connection& db);
std::optional<account_row> find_account(blocking_connection& db, std::string const& folded_name);
std::string password_hash_of(blocking_connection& db, account_id id);
void for_each_password_hash(blocking_connection& db, store::administration::hash_callback const& callback);
result<account_id> add_account(blocking_connection& db, std::string const& name, std::string const& folded_name,
                               std::string const& password_hash, base::timestamp now);
std::size_t import_accounts(blocking_connection& db, std::vector<imported_account> const& accounts,
                            base::timestamp now);
result<std::size_t> set_password(blocking_connection& db, account_id id, std::string const& password_hash);
result<void> rename_account(blocking_connection& db, account_id id, std::string const& name,
                            std::string const& folded_name);
result<std::size_t> disable_account(blocking_connection& db, account_id id, base::timestamp now);
result<void> enable_account(blocking_connection& db, account_id id);
result<void> delete_account(blocking_connection& db, account_id id);
result<void> remove_second_factor(blocking_connection& db, account_id id);
std::vector<counter_row> list_counters(blocking_connection& db, account_id account);

}  // namespace porter::detail::store::postgres::administration
