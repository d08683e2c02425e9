#include "store/sqlite/accounts.hpp"

#include <utility>

#include "store/sqlite/job.hpp"
#include "store/sqlite/statement.hpp"
#include "store/sqlite/tries.hpp"

namespace porter::rooms::store::sqlite {

namespace {

constexpr std::string_view find_by_name =
    "SELECT id, name, folded_name, password_hash, credential_version, created_at, disabled_at, failed_since"
    " FROM accounts WHERE folded_name = ?1";

constexpr std::string_view find_by_id =
    "SELECT id, name, folded_name, password_hash, credential_version, created_at, disabled_at, failed_since"
    " FROM accounts WHERE id = ?1";

template <typename Key>
result<std::optional<account>> find_account(database& db, std::string_view sql, Key const& key)
{
    statement found{db, sql, key};
    if (!found.step()) return std::optional<account>{};
    account one;
    one.id = found.integer(0);
    one.name = found.text(1);
    one.folded_name = found.text(2);
    one.password_hash = found.text(3);
    one.credential_version = found.integer(4);
    one.created_at = found.time(5);
    one.disabled_at = found.optional_time(6);
    one.failed_since = found.count(7);
    return std::optional{std::move(one)};
}

result<void> replace_hash(database& db, account_id id, std::string const& old_hash, std::string const& new_hash)
{
    // Raising rehash_count tells the schema that the password is the same: sessions stay.
    statement{db,
              "UPDATE accounts SET password_hash = ?3, rehash_count = rehash_count + 1"
              " WHERE id = ?1 AND password_hash = ?2",
              id, old_hash, new_hash}
        .run();
    if (db.changes() == 0) return refuse(errc::credential_changed);
    return {};
}

result<void> replace_password(database& db, password_change const& asked)
{
    statement{db, "UPDATE sessions SET credential_version = credential_version + 1 WHERE id = ?1 AND account_id = ?2",
              asked.keep, asked.account}
        .run();
    // A trigger ends the sessions of the old version.
    statement{db,
              "UPDATE accounts SET password_hash = ?3, credential_version = credential_version + 1"
              " WHERE id = ?1 AND credential_version = ?2 AND disabled_at IS NULL",
              asked.account, asked.credential_version, asked.new_hash}
        .run();
    if (db.changes() == 0) return refuse(errc::credential_changed);
    undo_proved_try(db, asked.proved_by);
    return {};
}

}  // namespace

result<account> add_account(database& db, account const& fresh)
{
    // Looked up first: the schema refuses a duplicate too, but there it would be one refused statement among others.
    statement same{db, "SELECT 1 FROM accounts WHERE folded_name = ?1", fresh.folded_name};
    if (same.step()) return refuse(errc::name_taken);
    statement{db,
              "INSERT INTO accounts (name, folded_name, password_hash, created_at, disabled_at)"
              " VALUES (?1, ?2, ?3, ?4, ?5)",
              fresh.name,
              fresh.folded_name,
              fresh.password_hash,
              fresh.created_at,
              fresh.disabled_at}
        .run();
    account added = fresh;
    added.id = db.last_id();
    added.credential_version = 1;
    added.failed_since = 0;
    return added;
}

task<result<std::optional<account>>> accounts::find(std::string folded_name)
{
    return ask(look_ups_, [folded_name = std::move(folded_name)](database& db) {
        return find_account(db, find_by_name, folded_name);
    });
}

task<result<std::optional<account>>> accounts::find(account_id id)
{
    return ask(look_ups_, [id](database& db) { return find_account(db, find_by_id, id); });
}

task<result<account>> accounts::add(account fresh)
{
    return ask(writes_, [fresh = std::move(fresh)](database& db) { return add_account(db, fresh); });
}

task<result<void>> accounts::rehash(account_id id, std::string old_hash, std::string new_hash)
{
    return ask(writes_, [id, old_hash = std::move(old_hash), new_hash = std::move(new_hash)](database& db) {
        return replace_hash(db, id, old_hash, new_hash);
    });
}

task<result<void>> accounts::change_password(password_change asked)
{
    return ask(writes_, [asked = std::move(asked)](database& db) { return replace_password(db, asked); });
}

}  // namespace porter::rooms::store::sqlite
