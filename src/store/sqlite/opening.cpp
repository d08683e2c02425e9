#include "store/sqlite/opening.hpp"

#include <algorithm>
#include <utility>

#include "store/sqlite/accounts.hpp"
#include "store/sqlite/addresses.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/sqlite/end_cause.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

/// Columns 0 to 4: id, account_id, before_at, before_address, before_failed.
opened_session read_opened(statement const& row)
{
    return {row.integer(0), row.integer(1), read_history(row, 2)};
}

}  // namespace

std::optional<opened_session> find_opened(database& db, new_session const& record)
{
    statement row{db,
                  "SELECT id, account_id, before_at, before_address, before_failed FROM sessions"
                  " WHERE token_digest = ?1 AND account_id = ?2",
                  record.digest, record.account};
    if (!row.step()) return std::nullopt;
    return read_opened(row);
}

std::optional<opened_session> find_opened(database& db, account const& owner, new_session const& first)
{
    statement row{db,
                  "SELECT sessions.id, account_id, before_at, before_address, before_failed"
                  " FROM sessions JOIN accounts ON accounts.id = account_id"
                  " WHERE token_digest = ?1 AND folded_name = ?2 AND password_hash = ?3",
                  first.digest, owner.folded_name, owner.password_hash};
    if (!row.step()) return std::nullopt;
    return read_opened(row);
}

result<opened_session> add_session(database& db, new_session const& record)
{
    undo_verified_attempt(db, record.attempt);
    opened_session opened;
    opened.account = record.account;
    std::string name;
    {
        statement account{db,
                          "SELECT last_login_at, last_address, failed_since, name FROM accounts"
                          " WHERE id = ?1 AND credential_version = ?2 AND disabled_at IS NULL"
                          " AND (?3 OR NOT EXISTS (SELECT 1 FROM second_factors WHERE account_id = accounts.id))",
                          record.account, record.credential_version, std::int64_t{record.is_second_factor_proved}};
        if (!account.step()) return unexpected(errc::credential_changed);
        opened.before = read_history(account, 0);
        name = account.text(3);
    }
    statement{db,
              "INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address,"
              " transport, credential_version, before_at, before_address, before_failed)"
              " VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
              record.account,
              record.digest,
              record.created_at,
              record.expires_at,
              record.address,
              name_of(record.transport),
              record.credential_version,
              opened.before.last_login_at,
              opened.before.last_address,
              std::int64_t{opened.before.failed_since}}
        .run();
    opened.id = db.last_id();
    statement{db,
              "UPDATE accounts SET last_login_at = ?2, last_address = ?3, failed_since = 0, try_count = try_count + 1"
              " WHERE id = ?1",
              record.account, record.created_at, record.address}
        .run();
    statement{db,
              "DELETE FROM sessions WHERE account_id = ?1 AND id <="
              " (SELECT id FROM sessions WHERE account_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
              record.account, std::max<std::uint32_t>(record.max_sessions, 1)}
        .run();
    set_end_cause(db, name_of(end_cause::replaced));
    record_address(db, record.address, record.network, name, record.account, record.created_at);
    note_network(db, record.account, record.network, record.created_at);
    return opened;
}

result<opened_session> open_first_session(database& db, account const& owner, new_session first)
{
    if (auto opened = find_opened(db, owner, first)) return std::move(*opened);
    auto const added = add_account(db, owner);
    if (!added) return unexpected(added.error());
    first.account = added->id;
    first.credential_version = added->credential_version;
    return add_session(db, first);
}

}  // namespace porter::detail::store::sqlite
