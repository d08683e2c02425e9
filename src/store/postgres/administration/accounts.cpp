#include "store/postgres/administration/accounts.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

#define ACCOUNT_ROWS                                                                                       \
    "SELECT id, name, folded_name, created_at, disabled_at, last_login_at, last_address, failed_since,"    \
    " last_failed_at, (SELECT count(*) FROM sessions WHERE account_id = accounts.id),"                     \
    " (SELECT count(*) FROM addresses WHERE account_id = accounts.id),"                                    \
    " coalesce((SELECT failed FROM failure_counters WHERE account_id = accounts.id AND network = ''), 0)," \
    " EXISTS (SELECT FROM second_factors WHERE account_id = accounts.id),"                                 \
    " (SELECT count(*) FROM recovery_codes WHERE account_id = accounts.id AND used_by IS NULL)"            \
    " FROM accounts"

constexpr char const* list_all = ACCOUNT_ROWS " ORDER BY folded_name";
constexpr char const* find_one = ACCOUNT_ROWS " WHERE folded_name = $1";

#undef ACCOUNT_ROWS

constexpr char const* list_hashes = "SELECT id, name, password_hash FROM accounts WHERE id > $1 ORDER BY id LIMIT $2";
constexpr std::int64_t hashes_at_once = 2'000;

// The hash has a random salt: with the same one, a segment before this one has added the account.
constexpr char const* insert_account =
    "INSERT INTO accounts (name, folded_name, password_hash, created_at) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (folded_name) DO NOTHING RETURNING id";
constexpr char const* find_added = "SELECT id FROM accounts WHERE folded_name = $1 AND password_hash = $2";

// A row for each account that was added.
constexpr char const* insert_accounts =
    "INSERT INTO accounts (name, folded_name, password_hash, disabled_at, created_at)"
    " SELECT name, folded_name, password_hash, disabled_at, $5"
    " FROM unnest($1, $2, $3, $4) AS each (name, folded_name, password_hash, disabled_at)"
    " ON CONFLICT (folded_name) DO NOTHING RETURNING id";
constexpr char const* find_all_added =
    "SELECT id FROM accounts JOIN unnest($1, $2) AS each (key, hash) ON folded_name = key AND password_hash = hash";
constexpr std::size_t imported_at_once = 1'000;

constexpr char const* count_sessions = "SELECT count(*) FROM sessions WHERE account_id = $1";

// Triggers end the sessions of the previous version, and reset the failure counters.
constexpr char const* replace_password =
    "UPDATE accounts SET password_hash = $2, credential_version = credential_version + 1, failed_since = 0"
    " WHERE id = $1";

constexpr char const* set_name = "UPDATE accounts SET name = $2, folded_name = $3 WHERE id = $1";
constexpr char const* set_disabled = "UPDATE accounts SET disabled_at = coalesce(disabled_at, $2) WHERE id = $1";
constexpr char const* set_enabled = "UPDATE accounts SET disabled_at = NULL, failed_since = 0 WHERE id = $1";
constexpr char const* remove = "DELETE FROM accounts WHERE id = $1";
constexpr char const* remove_factor = "DELETE FROM second_factors WHERE account_id = $1 RETURNING account_id";

constexpr char const* counters =
    "SELECT network, failed, last_ms FROM failure_counters WHERE account_id = $1 ORDER BY network";

account_row read_row(row const& from)
{
    account_row one;
    one.id = from.integer(0);
    one.name = from.text(1);
    one.folded_name = from.text(2);
    one.created_at = from.time(3);
    one.disabled_at = from.optional_time(4);
    one.last_login_at = from.optional_time(5);
    one.last_address = from.text(6);
    one.failed_since = count(from, 7);
    one.last_failed_at = from.optional_time(8);
    one.sessions = count(from, 9);
    one.addresses = count(from, 10);
    one.failed_from_unknown = count(from, 11);
    one.has_second_factor = from.boolean(12);
    one.recovery_codes = count(from, 13);
    return one;
}

std::vector<account_row> read_rows(result_set const& rows)
{
    std::vector<account_row> all;
    for (std::size_t i = 0; i < rows.size(); ++i) all.push_back(read_row(rows[i]));
    return all;
}

/// A change of one account, which begins with the lock on its row.
segment change_of(account_id id)
{
    segment work{segment::effect::writes};
    work.add(lock_account, id);
    return work;
}

bool is_found(change_answer const& answer)
{
    return !answer.results.at(0).empty();
}

/// The sessions that the second statement counted, of an account that the first one found.
result<std::size_t> read_ended(blocking_connection& db, change_answer const& answer)
{
    if (!is_found(answer)) return unexpected(errc::not_found);
    return read_results(db, [&] { return static_cast<std::size_t>(answer.results.at(1)[0].integer(0)); });
}

/// Some of the accounts that are imported, a list for each column.
struct account_columns {
    std::vector<std::string> names;
    std::vector<std::string> folded_names;
    std::vector<std::string> hashes;
    std::vector<std::optional<std::int64_t>> disabled_at;
};

account_columns columns_of(std::span<imported_account const> accounts)
{
    account_columns columns;
    for (auto const& each : accounts) {
        columns.names.push_back(each.name);
        columns.folded_names.push_back(each.folded_name);
        columns.hashes.push_back(each.password_hash);
        auto const disabled = each.disabled_at;
        columns.disabled_at.push_back(disabled ? std::optional{disabled->time_since_epoch().count()} : std::nullopt);
    }
    return columns;
}

/// A name that no account has: names have no control characters.
std::string unowned_name(account_id id)
{
    return "\x01" + std::to_string(id);
}

}  // namespace

std::vector<account_row> list_accounts(blocking_connection& db)
{
    segment work{segment::effect::reads};
    work.add(list_all);
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] { return read_rows(found.at(0)); });
}

std::optional<account_row> find_account(blocking_connection& db, std::string const& folded_name)
{
    segment work{segment::effect::reads};
    work.add(find_one, folded_name);
    auto const found = db.look_up(std::move(work));
    if (found.at(0).empty()) return std::nullopt;
    return read_results(db, [&] { return read_row(found.at(0)[0]); });
}

std::string password_hash_of(blocking_connection& db, account_id id)
{
    segment work{segment::effect::reads};
    work.add("SELECT password_hash FROM accounts WHERE id = $1", id);
    auto const found = db.look_up(std::move(work));
    if (found.at(0).empty()) return {};
    return read_results(db, [&] { return found.at(0)[0].text(0); });
}

void for_each_password_hash(blocking_connection& db, store::administration::hash_callback const& callback)
{
    for (account_id last = 0;;) {
        segment work{segment::effect::reads};
        work.add(list_hashes, last, hashes_at_once);
        auto const found = db.look_up(std::move(work));
        auto const& rows = found.at(0);
        if (rows.empty()) return;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            read_results(db, [&] { callback(rows[i].integer(0), rows[i].text(1), rows[i].text(2)); });
        }
        last = read_results(db, [&] { return rows[rows.size() - 1].integer(0); });
    }
}

result<account_id> add_account(blocking_connection& db, std::string const& name, std::string const& folded_name,
                               std::string const& password_hash, base::timestamp now)
{
    segment work{segment::effect::writes};
    work.add(insert_account, name, folded_name, password_hash, now);
    work.add(find_added, folded_name, password_hash);
    auto const answer = db.change(std::move(work));
    auto const& added = answer.results.at(answer.is_repeated ? 1 : 0);
    if (added.empty()) return unexpected(errc::name_taken);
    return read_results(db, [&] { return added[0].integer(0); });
}

std::size_t import_accounts(blocking_connection& db, std::vector<imported_account> const& accounts, base::timestamp now)
{
    segment work{segment::effect::writes};
    std::size_t statements = 0;  // of each kind
    std::span<imported_account const> left{accounts};
    while (!left.empty()) {
        auto const some = left.first(std::min(left.size(), imported_at_once));
        auto const columns = columns_of(some);
        work.add(insert_accounts, columns.names, columns.folded_names, columns.hashes, columns.disabled_at, now);
        work.add(find_all_added, columns.folded_names, columns.hashes);
        left = left.subspan(some.size());
        ++statements;
    }
    if (statements == 0) return 0;
    auto const answer = db.change(std::move(work));
    std::size_t added = 0;
    for (std::size_t i = 0; i < statements; ++i)
        added += answer.results.at(2 * i + (answer.is_repeated ? 1 : 0)).size();
    return added;
}

result<std::size_t> set_password(blocking_connection& db, account_id id, std::string const& password_hash)
{
    auto work = change_of(id);
    work.add(count_sessions, id).add(replace_password, id, password_hash);
    return read_ended(db, db.change(std::move(work)));
}

result<void> rename_account(blocking_connection& db, account_id id, std::string const& name,
                            std::string const& folded_name)
{
    auto work = change_of(id);
    // By way of another name: the schema rejects a new non-ASCII name with the same key, because SQL cannot fold it.
    work.add(set_name, id, unowned_name(id), unowned_name(id)).add(set_name, id, name, folded_name);
    auto const answer = db.change_unless_taken(std::move(work));
    if (!answer) return unexpected(errc::name_taken);
    if (!is_found(*answer)) return unexpected(errc::not_found);
    return {};
}

result<std::size_t> disable_account(blocking_connection& db, account_id id, base::timestamp now)
{
    auto work = change_of(id);
    work.add(count_sessions, id).add(set_disabled, id, now);
    return read_ended(db, db.change(std::move(work)));
}

result<void> enable_account(blocking_connection& db, account_id id)
{
    auto work = change_of(id);
    work.add(set_enabled, id);
    auto const answer = db.change(std::move(work));
    if (!is_found(answer)) return unexpected(errc::not_found);
    return {};
}

result<void> delete_account(blocking_connection& db, account_id id)
{
    auto work = change_of(id);
    work.add(remove, id);  // triggers and keys delete its sessions and addresses
    auto const answer = db.change(std::move(work));
    if (!is_found(answer) && !answer.is_repeated) return unexpected(errc::not_found);
    return {};
}

result<void> remove_second_factor(blocking_connection& db, account_id id)
{
    auto work = change_of(id);
    work.add(remove_factor, id);  // the recovery codes follow by their key
    auto const answer = db.change(std::move(work));
    bool const is_removed = answer.is_repeated || !answer.results.at(1).empty();
    if (!is_removed) return unexpected(errc::not_found);
    return {};
}

std::vector<counter_row> list_counters(blocking_connection& db, account_id account)
{
    segment work{segment::effect::reads};
    work.add(counters, account);
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] {
        std::vector<counter_row> all;
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            all.push_back({rows[i].text(0), {count(rows[i], 1), rows[i].instant(2)}});
        }
        return all;
    });
}

}  // namespace porter::detail::store::postgres::administration
