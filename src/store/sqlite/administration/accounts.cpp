#include "store/sqlite/administration/accounts.hpp"

#include <chrono>
#include <utility>

#include "store/sqlite/administration/guarded_transaction.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

constexpr std::string_view list =
    "SELECT id, name, folded_name, created_at, disabled_at, last_login_at, last_address, failed_since, last_failed_at,"
    " (SELECT count(*) FROM sessions WHERE account_id = accounts.id),"
    " (SELECT count(*) FROM addresses WHERE account_id = accounts.id),"
    " (SELECT failed FROM password_ladders WHERE account_id = accounts.id AND network = ''),"
    " EXISTS (SELECT 1 FROM second_factors WHERE account_id = accounts.id),"
    " (SELECT count(*) FROM recovery_codes WHERE account_id = accounts.id AND used_by IS NULL)"
    " FROM accounts WHERE ?1 IS NULL OR folded_name = ?1 ORDER BY folded_name";

account_row read_row(statement const& row)
{
    account_row one;
    one.id = row.integer(0);
    one.name = row.bytes(1);
    one.folded_name = row.bytes(2);
    one.created_at = row.time(3);
    one.disabled_at = row.optional_time(4);
    one.last_login_at = row.optional_time(5);
    one.last_address = row.bytes(6);
    one.failed_since = row.count(7);
    one.last_failed_at = row.optional_time(8);
    one.sessions = row.count(9);
    one.addresses = row.count(10);
    one.failed_from_unknown = row.count(11);
    one.has_second_factor = row.integer(12) != 0;
    one.recovery_codes = row.count(13);
    return one;
}

std::size_t count_sessions(database& db, account_id id)
{
    statement row{db, "SELECT count(*) FROM sessions WHERE account_id = ?1", id};
    return row.step() ? static_cast<std::size_t>(row.integer(0)) : 0;
}

bool is_taken(database& db, std::string const& folded_name, account_id except)
{
    return statement{db, "SELECT 1 FROM accounts WHERE folded_name = ?1 AND id <> ?2", folded_name, except}.step();
}

void set_name(database& db, account_id id, std::string const& name, std::string const& folded_name)
{
    statement{db, "UPDATE accounts SET name = ?2, folded_name = ?3 WHERE id = ?1", id, name, folded_name}.run();
}

/// A name that no account has: names have no control characters.
std::string unowned_name(account_id id)
{
    return "\x01" + std::to_string(id);
}

}  // namespace

std::vector<account_row> list_accounts(database& db)
{
    std::vector<account_row> all;
    statement row{db, list, std::optional<std::string>{}};
    while (row.step()) all.push_back(read_row(row));
    return all;
}

std::optional<account_row> find_account(database& db, std::string const& folded_name)
{
    statement row{db, list, std::optional{folded_name}};
    if (!row.step()) return std::nullopt;
    return read_row(row);
}

std::string password_hash_of(database& db, account_id id)
{
    statement row{db, "SELECT password_hash FROM accounts WHERE id = ?1", id};
    return row.step() ? row.text(0) : std::string{};
}

void for_each_password_hash(database& db, store::administration::hash_callback const& callback)
{
    statement row{db, "SELECT id, name, password_hash FROM accounts ORDER BY id"};
    while (row.step()) callback(row.integer(0), row.text(1), row.text(2));
}

result<account_id> add_account(database& db, std::string const& name, std::string const& folded_name,
                               std::string const& password_hash, base::timestamp now)
{
    guarded_transaction tx{db};
    if (is_taken(db, folded_name, 0)) return unexpected(errc::name_taken);
    statement{db,
              "INSERT INTO accounts (name, folded_name, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)",
              name,
              folded_name,
              password_hash,
              now}
        .run();
    auto const id = db.last_id();
    tx.commit();
    return id;
}

std::size_t import_accounts(database& db, std::vector<imported_account> const& accounts, base::timestamp now)
{
    guarded_transaction tx{db};
    std::size_t added = 0;
    for (auto const& each : accounts) {
        if (is_taken(db, each.folded_name, 0)) continue;
        statement{db,
                  "INSERT INTO accounts (name, folded_name, password_hash, created_at, disabled_at)"
                  " VALUES (?1, ?2, ?3, ?4, ?5)",
                  each.name,
                  each.folded_name,
                  each.password_hash,
                  now,
                  each.disabled_at}
            .run();
        ++added;
    }
    tx.commit();
    return added;
}

result<std::size_t> set_password(database& db, account_id id, std::string const& password_hash)
{
    guarded_transaction tx{db};
    auto const ended = count_sessions(db, id);
    // A trigger ends the sessions of the previous version.
    statement{db,
              "UPDATE accounts SET password_hash = ?2, credential_version = credential_version + 1, failed_since = 0"
              " WHERE id = ?1",
              id, password_hash}
        .run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    tx.commit();
    return ended;
}

result<void> rename_account(database& db, account_id id, std::string const& name, std::string const& folded_name)
{
    guarded_transaction tx{db};
    if (is_taken(db, folded_name, id)) return unexpected(errc::name_taken);
    // By way of another name: the schema rejects a new non-ASCII name with the same key, because SQL cannot fold it.
    set_name(db, id, unowned_name(id), unowned_name(id));
    if (db.changes() == 0) return unexpected(errc::not_found);
    set_name(db, id, name, folded_name);
    tx.commit();
    return {};
}

result<std::size_t> disable_account(database& db, account_id id, base::timestamp now)
{
    guarded_transaction tx{db};
    auto const ended = count_sessions(db, id);
    statement{db, "UPDATE accounts SET disabled_at = coalesce(disabled_at, ?2) WHERE id = ?1", id, now}.run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    tx.commit();
    return ended;
}

result<void> enable_account(database& db, account_id id)
{
    guarded_transaction tx{db};
    statement{db, "UPDATE accounts SET disabled_at = NULL, failed_since = 0 WHERE id = ?1", id}.run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    tx.commit();
    return {};
}

result<void> delete_account(database& db, account_id id)
{
    guarded_transaction tx{db};
    statement{db, "DELETE FROM accounts WHERE id = ?1", id}.run();  // triggers delete its sessions and addresses
    if (db.changes() == 0) return unexpected(errc::not_found);
    tx.commit();
    return {};
}

result<void> remove_second_factor(database& db, account_id id)
{
    guarded_transaction tx{db};
    statement{db, "DELETE FROM second_factors WHERE account_id = ?1", id}.run();  // a trigger deletes recovery codes
    if (db.changes() == 0) return unexpected(errc::not_found);
    tx.commit();
    return {};
}

std::vector<counter_row> list_counters(database& db, account_id account)
{
    std::vector<counter_row> all;
    statement row{db, "SELECT network, failed, last_ms FROM password_ladders WHERE account_id = ?1 ORDER BY network",
                  account};
    while (row.step()) {
        all.push_back({row.bytes(0), {row.count(1), base::instant{std::chrono::milliseconds{row.integer(2)}}}});
    }
    return all;
}

}  // namespace porter::detail::store::sqlite::administration
