#include "store/postgres/opening.hpp"

#include <algorithm>

#include "store/postgres/addresses.hpp"
#include "store/postgres/known_networks.hpp"
#include "store/postgres/rows.hpp"
#include "store/postgres/verified_attempt.hpp"

namespace porter::detail::store::postgres {

namespace {

// An opening that is repeated inserts nothing, and the statements after it do nothing: opened_now() is true in the
// transaction that has inserted the session alone.
constexpr char const* insert_session =
    "INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
    " credential_version, before_login_at, before_address, before_failed)"
    " SELECT id, $3, $4, $4, $5, $6, $7, $2, last_login_at, last_address, greatest(failed_since - $8, 0) FROM accounts"
    " WHERE id = $1 AND credential_version = $2 AND disabled_at IS NULL"
    " AND ($9 OR NOT EXISTS (SELECT FROM second_factors WHERE account_id = $1)) ON CONFLICT (token_digest) DO NOTHING";

constexpr char const* record_login =
    "UPDATE accounts SET last_login_at = $3, last_address = $4, failed_since = 0, attempt_count = attempt_count + 1,"
    " last_failed_at = CASE WHEN $5 > 0 AND last_failed_at = $6 THEN $7 ELSE last_failed_at END"
    " WHERE id = $1 AND opened_now($2)";

constexpr char const* delete_attempt = "DELETE FROM attempts WHERE id = $2 AND is_pending AND opened_now($1)";

constexpr char const* reset_counter =
    "DELETE FROM failure_counters WHERE account_id = $2 AND network = $3 AND opened_now($1)";

// In the order of their ids, as whatever locks several sessions.
constexpr char const* end_oldest =
    "DELETE FROM sessions WHERE id = ANY (ARRAY(SELECT id FROM sessions WHERE account_id = $1 AND opened_now($2)"
    " AND id <= (SELECT id FROM sessions WHERE account_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $3)"
    " ORDER BY id FOR UPDATE))";

constexpr char const* record_address =
    "INSERT INTO addresses AS known (address, network, site, name, account_id, first_seen_at, last_seen_at)"
    " SELECT $2, $3, $4, accounts.name, accounts.id, $5, $5 FROM sessions JOIN accounts ON accounts.id = account_id"
    " WHERE token_digest = $1 AND opened_now($1)"
    " ON CONFLICT (address) DO UPDATE SET network = excluded.network, site = excluded.site, name = excluded.name,"
    " account_id = excluded.account_id, last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)";

constexpr char const* note_network =
    "INSERT INTO account_networks AS known (account_id, network, first_seen_at, last_seen_at)"
    " SELECT account_id, $2, $3, $3 FROM sessions WHERE token_digest = $1 AND opened_now($1) AND $2 <> ''"
    " ON CONFLICT (account_id, network) DO UPDATE SET last_seen_at = greatest(known.last_seen_at, $3)";

constexpr char const* find_opened =
    "SELECT id, account_id, before_login_at, before_address, before_failed FROM sessions"
    " WHERE token_digest = $1 AND account_id = $2";

constexpr char const* end_opened = "DELETE FROM sessions WHERE token_digest = $1 AND account_id = $2";

// The first login is recorded at once.
constexpr char const* insert_account =
    "INSERT INTO accounts (name, folded_name, password_hash, created_at, last_login_at, last_address)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (folded_name) DO NOTHING";

// Also has the commit of a repeated segment wait for the standby: see lock_account.
constexpr char const* lock_account_by_name = "SELECT FROM accounts WHERE folded_name = $1 FOR NO KEY UPDATE";

// Not for an account that was there before.
constexpr char const* insert_first_session =
    "INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
    " credential_version)"
    " SELECT id, $3, $4, $4, $5, $6, $7, credential_version FROM accounts WHERE folded_name = $1"
    " AND password_hash = $2 AND xmin = pg_current_xact_id_if_assigned()::xid";

constexpr char const* find_first_opened =
    "SELECT sessions.id, account_id, before_login_at, before_address, before_failed"
    " FROM sessions JOIN accounts ON accounts.id = account_id"
    " WHERE token_digest = $1 AND folded_name = $2 AND password_hash = $3";

// The account that was inserted by the opening, or a moment ago in order to wait for that.
constexpr char const* delete_account =
    "DELETE FROM accounts WHERE folded_name = $1 AND password_hash = $2 AND last_login_at = $3"
    " AND NOT EXISTS (SELECT FROM sessions WHERE account_id = accounts.id AND token_digest <> $4)";

constexpr char const* end_first_opened =
    "DELETE FROM sessions WHERE token_digest = $1"
    " AND account_id = (SELECT id FROM accounts WHERE folded_name = $2)";

// Of an invitation each segment holds this lock to its end: what follows sees the uses that others have spent. It is
// the first lock of all.
constexpr char const* lock_invitation = "SELECT FROM invitations WHERE code_digest = $1 FOR UPDATE";

#define IS_INVITED(code, time, name) \
    "code_digest = " code " AND used < uses AND expires_at > " time " AND invitations.folded_name IN ('', " name ")"

// As insert_account, if the code is valid.
constexpr char const* insert_invited_account =
    "INSERT INTO accounts (name, folded_name, password_hash, created_at, last_login_at, last_address)"
    " SELECT $1, $2, $3, $4, $5, $6 FROM invitations WHERE " IS_INVITED("$7", "$5",
                                                                        "$2") " ON CONFLICT (folded_name) DO NOTHING";

constexpr char const* is_invited = "SELECT FROM invitations WHERE " IS_INVITED("$1", "$2", "$3");

#undef IS_INVITED

constexpr char const* spend_use = "UPDATE invitations SET used = used + 1 WHERE code_digest = $1 AND opened_now($2)";

// If delete_account will delete the account of this opening.
constexpr char const* give_use_back =
    "UPDATE invitations SET used = greatest(used - 1, 0) WHERE code_digest = $5 AND EXISTS (SELECT FROM accounts"
    " WHERE folded_name = $1 AND password_hash = $2 AND last_login_at = $3"
    " AND EXISTS (SELECT FROM sessions WHERE account_id = accounts.id AND token_digest = $4)"
    " AND NOT EXISTS (SELECT FROM sessions WHERE account_id = accounts.id AND token_digest <> $4))";

// All are ended: of several changes that do so each locks them in the same order.
constexpr char const* lock_sessions_of = "SELECT FROM sessions WHERE account_id = $1 ORDER BY id FOR NO KEY UPDATE";

#define IS_RESET(account, code, time) "account_id = " account " AND code_digest = " code " AND expires_at > " time

// Triggers end the sessions, and spend the reset.
constexpr char const* reset_password =
    "UPDATE accounts SET password_hash = $2, credential_version = credential_version + 1"
    " WHERE id = $1 AND disabled_at IS NULL"
    " AND ($5 OR NOT EXISTS (SELECT FROM second_factors WHERE account_id = $1))"
    " AND EXISTS (SELECT FROM password_resets WHERE " IS_RESET("$1", "$3", "$4") ")";

constexpr char const* is_reset = "SELECT FROM password_resets WHERE " IS_RESET("$1", "$2", "$3");

#undef IS_RESET

// If this transaction has set the password.
constexpr char const* insert_session_after_reset =
    "INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
    " credential_version, before_login_at, before_address, before_failed)"
    " SELECT id, $3, $4, $4, $5, $6, $7, credential_version, last_login_at, last_address,"
    " greatest(failed_since - $8, 0) FROM accounts"
    " WHERE id = $1 AND password_hash = $2 AND xmin = pg_current_xact_id_if_assigned()::xid"
    " ON CONFLICT (token_digest) DO NOTHING";

constexpr char const* reset_all_counters = "DELETE FROM failure_counters WHERE account_id = $1 AND opened_now($2)";

// Not one that was opened with another password.
constexpr char const* find_reset_opened =
    "SELECT sessions.id, account_id, before_login_at, before_address, before_failed"
    " FROM sessions JOIN accounts ON accounts.id = account_id"
    " WHERE token_digest = $1 AND account_id = $2 AND password_hash = $3";

void add_place(segment& work, new_session const& record)
{
    address_key const key{record.address, record.network};
    work.add(record_address, record.digest, key.address, key.network, key.site, record.created_at);
    delete_oldest_of_network(work, key, record.created_at);
    work.add(note_network, record.digest, record.network, record.created_at);
}

void insert_owner(segment& work, account const& owner, new_session const& first)
{
    work.add(insert_account, owner.name, owner.folded_name, owner.password_hash, owner.created_at, first.created_at,
             first.address);
}

}  // namespace

segment open_session(new_session const& record)
{
    auto const& attempt = record.attempt;
    std::int64_t const most = std::max<std::uint32_t>(record.max_sessions, 1);
    segment work{segment::effect::writes};
    work.add(lock_account, record.account);
    work.add(insert_session, record.account, record.credential_version, record.digest, record.created_at,
             record.expires_at, record.address, name_of(record.transport), failures_of(attempt),
             record.is_second_factor_proved);
    work.add(record_login, record.account, record.digest, record.created_at, record.address, failures_of(attempt),
             failed_at(attempt), attempt.last_failed_at_before);
    work.add(set_end_cause, store::name_of(end_cause::replaced));
    work.add(end_oldest, record.account, record.digest, most);
    if (attempt.id != 0) work.add(delete_attempt, record.digest, attempt.id);
    if (attempt.account) work.add(reset_counter, record.digest, *attempt.account, counter_of(attempt));
    add_place(work, record);
    work.add(delete_oldest_networks, record.account, networks_per_account);
    work.add(find_opened, record.digest, record.account);
    return work;
}

segment undo_opening(new_session const& record)
{
    segment work{segment::effect::writes};
    work.add(lock_account, record.account);
    work.add(set_end_cause, store::name_of(end_cause::revoked));
    work.add(end_opened, record.digest, record.account);
    return work;
}

segment open_first_session(account const& owner, new_session const& first)
{
    segment work{segment::effect::writes};
    insert_owner(work, owner, first);
    work.add(insert_first_session, owner.folded_name, owner.password_hash, first.digest, first.created_at,
             first.expires_at, first.address, name_of(first.transport));
    work.add(lock_account_by_name, owner.folded_name);
    if (first.attempt.id != 0) work.add(delete_attempt, first.digest, first.attempt.id);
    add_place(work, first);
    work.add(find_first_opened, first.digest, owner.folded_name, owner.password_hash);
    return work;
}

segment open_invited_session(code_digest const& code, account const& owner, new_session const& first)
{
    segment work{segment::effect::writes};
    work.add(lock_invitation, code);
    work.add(insert_invited_account, owner.name, owner.folded_name, owner.password_hash, owner.created_at,
             first.created_at, first.address, code);
    work.add(insert_first_session, owner.folded_name, owner.password_hash, first.digest, first.created_at,
             first.expires_at, first.address, name_of(first.transport));
    work.add(lock_account_by_name, owner.folded_name);
    work.add(spend_use, code, first.digest);
    if (first.attempt.id != 0) work.add(delete_attempt, first.digest, first.attempt.id);
    add_place(work, first);
    work.add(is_invited, code, first.created_at, owner.folded_name);
    work.add(find_first_opened, first.digest, owner.folded_name, owner.password_hash);
    return work;
}

segment undo_invited_opening(code_digest const& code, account const& owner, new_session const& first)
{
    segment work{segment::effect::writes};
    work.add(lock_invitation, code);
    insert_owner(work, owner, first);
    work.add(give_use_back, owner.folded_name, owner.password_hash, first.created_at, first.digest, code);
    work.add(delete_account, owner.folded_name, owner.password_hash, first.created_at, first.digest);
    work.add(set_end_cause, store::name_of(end_cause::revoked));
    work.add(end_first_opened, first.digest, owner.folded_name);
    return work;
}

segment open_reset_session(code_digest const& code, std::string const& new_hash, new_session const& record)
{
    auto const& attempt = record.attempt;
    segment work{segment::effect::writes};
    work.add(lock_account, record.account).add(lock_sessions_of, record.account);
    work.add(reset_password, record.account, new_hash, code, record.created_at, record.is_second_factor_proved);
    work.add(insert_session_after_reset, record.account, new_hash, record.digest, record.created_at, record.expires_at,
             record.address, name_of(record.transport), failures_of(attempt));
    work.add(record_login, record.account, record.digest, record.created_at, record.address, failures_of(attempt),
             failed_at(attempt), attempt.last_failed_at_before);
    if (attempt.id != 0) work.add(delete_attempt, record.digest, attempt.id);
    work.add(reset_all_counters, record.account, record.digest);
    add_place(work, record);
    work.add(delete_oldest_networks, record.account, networks_per_account);
    work.add(is_reset, record.account, code, record.created_at);
    work.add(find_reset_opened, record.digest, record.account, new_hash);
    return work;
}

segment undo_first_opening(account const& owner, new_session const& first)
{
    segment work{segment::effect::writes};
    insert_owner(work, owner, first);
    work.add(delete_account, owner.folded_name, owner.password_hash, first.created_at, first.digest);
    work.add(set_end_cause, store::name_of(end_cause::revoked));
    work.add(end_first_opened, first.digest, owner.folded_name);
    return work;
}

}  // namespace porter::detail::store::postgres
