#include "store/postgres/accounts.hpp"

#include <utility>
#include <vector>

#include "store/limits.hpp"
#include "store/postgres/rows.hpp"
#include "store/postgres/verified_attempt.hpp"

namespace porter::detail::store::postgres {

namespace {

using results = std::vector<result_set>;

constexpr char const* find_by_name =
    "SELECT id, name, folded_name, password_hash, credential_version, created_at, disabled_at, failed_since,"
    " EXISTS (SELECT FROM second_factors WHERE account_id = accounts.id) FROM accounts WHERE folded_name = $1";

// One statement, and so one snapshot: the costs include that of the account. The account is in each row, or NULL.
#define FIND_CLAIMED_BY(key)                                                                                         \
    "WITH costs AS MATERIALIZED (SELECT memory_kib, passes FROM password_costs"                                      \
    " WHERE memory_kib BETWEEN $2 AND $3 AND passes BETWEEN $4 AND $5 AND memory_kib <= $6 / passes"                 \
    " ORDER BY memory_kib * passes DESC, memory_kib DESC LIMIT $7)"                                                  \
    " SELECT owner.id, name, folded_name, password_hash, credential_version, created_at, disabled_at, failed_since," \
    " EXISTS (SELECT FROM second_factors WHERE account_id = owner.id),"                                              \
    " costs.memory_kib, costs.passes FROM (VALUES (true)) AS one LEFT JOIN accounts AS owner ON owner." key          \
    " = $1"                                                                                                          \
    " LEFT JOIN costs ON true ORDER BY costs.memory_kib * costs.passes DESC, costs.memory_kib DESC"

constexpr char const* find_claimed_by_name = FIND_CLAIMED_BY("folded_name");
constexpr char const* find_claimed_by_id = FIND_CLAIMED_BY("id");

#undef FIND_CLAIMED_BY

// An incremented rehash_count tells the schema that the password is the same: sessions stay.
constexpr char const* replace_hash =
    "UPDATE accounts SET password_hash = $3, rehash_count = rehash_count + 1 WHERE id = $1 AND password_hash = $2";

constexpr char const* has_hash = "SELECT FROM accounts WHERE id = $1 AND password_hash = $2";

// While the row of the account is locked, every statement of a change finds the same credential, until the last one.
/// Of several changes that end or touch the same sessions each locks them in the same order.
constexpr char const* lock_sessions_of = "SELECT FROM sessions WHERE account_id = $1 ORDER BY id FOR NO KEY UPDATE";

constexpr char const* keep_session =
    "UPDATE sessions SET credential_version = $2 + 1 WHERE id = $3 AND account_id = $1"
    " AND EXISTS (SELECT FROM accounts WHERE id = $1 AND credential_version = $2 AND disabled_at IS NULL)";

constexpr char const* delete_attempt =
    "DELETE FROM attempts WHERE id = $3 AND is_pending"
    " AND EXISTS (SELECT FROM accounts WHERE id = $1 AND credential_version = $2 AND disabled_at IS NULL)";

constexpr char const* reset_counter =
    "DELETE FROM failure_counters WHERE account_id = $1 AND network = $3"
    " AND EXISTS (SELECT FROM accounts WHERE id = $1 AND credential_version = $2 AND disabled_at IS NULL)";

// Triggers end the sessions of the previous version. $4: failures to take back.
constexpr char const* replace_password =
    "UPDATE accounts SET password_hash = $3, credential_version = credential_version + 1,"
    " failed_since = greatest(failed_since - $4, 0), attempt_count = attempt_count + 1,"
    " last_failed_at = CASE WHEN $4 > 0 AND last_failed_at = $5 THEN $6 ELSE last_failed_at END"
    " WHERE id = $1 AND credential_version = $2 AND disabled_at IS NULL";

constexpr char const* has_new_password =
    "SELECT FROM accounts WHERE id = $1 AND credential_version = $2 + 1 AND password_hash = $3";

result<claimed_account> read_claimed(results const& found)
{
    claimed_account claimed;
    auto const& rows = found.at(0);
    if (!rows[0].is_null(0)) claimed.account = read_account(rows[0]);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!rows[i].is_null(9)) claimed.hash_costs.push_back({count(rows[i], 9), count(rows[i], 10)});
    }
    return claimed;
}

/// The last statement returns a row: the change is stored, by this segment or by a previous one.
result<void> read_stored(results const& found)
{
    if (found.back().empty()) return unexpected(errc::credential_changed);
    return {};
}

}  // namespace

task<result<std::optional<account>>> accounts::find(std::string folded_name)
{
    segment work{segment::effect::reads};
    work.add(find_by_name, folded_name);
    auto const answer = co_await resolver_.look_up(std::move(work));
    auto const reader = [](results const& found) -> result<std::optional<account>> {
        if (found.at(0).empty()) return std::optional<account>{};
        return std::optional{read_account(found.at(0)[0])};
    };
    co_return resolver_.read(answer, reader);
}

template <typename Key>
task<result<claimed_account>> accounts::find_claimed_by(char const* sql, Key key)
{
    auto const number = [](auto bound) { return static_cast<std::int64_t>(bound); };
    segment work{segment::effect::reads};
    work.add(sql, key, number(base::least_hash_memory_kib), number(base::most_hash_memory_kib),
             number(base::least_hash_passes), number(base::most_hash_passes), number(base::most_hash_work_kib),
             number(hash_costs_at_once));
    auto const answer = co_await resolver_.look_up(std::move(work));
    co_return resolver_.read(answer, read_claimed);
}

task<result<claimed_account>> accounts::find_claimed(std::string folded_name)
{
    return find_claimed_by(find_claimed_by_name, std::move(folded_name));
}

task<result<claimed_account>> accounts::find_claimed(account_id id)
{
    return find_claimed_by(find_claimed_by_id, id);
}

task<result<void>> accounts::rehash(account_id id, std::string old_hash, std::string new_hash)
{
    segment work{segment::effect::writes};
    work.add(lock_account, id).add(replace_hash, id, old_hash, new_hash).add(has_hash, id, new_hash);
    auto const answer = co_await resolver_.change(std::move(work));
    co_return resolver_.read(answer.reply, read_stored);
}

task<result<void>> accounts::change_password(password_change change)
{
    auto const& attempt = change.attempt;
    auto const version = change.credential_version;
    segment work{segment::effect::writes};
    work.add(lock_account, change.account).add(lock_sessions_of, change.account);
    work.add(keep_session, change.account, version, change.keep);
    if (attempt.id != 0) work.add(delete_attempt, change.account, version, attempt.id);
    if (attempt.account) work.add(reset_counter, change.account, version, counter_of(attempt));
    work.add(replace_password, change.account, version, change.new_hash, failures_of(attempt), failed_at(attempt),
             attempt.last_failed_at_before);
    work.add(has_new_password, change.account, version, change.new_hash);
    auto const answer = co_await resolver_.change(std::move(work));
    co_return resolver_.read(answer.reply, read_stored);
}

}  // namespace porter::detail::store::postgres
