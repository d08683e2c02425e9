#include "store/sqlite/access_codes.hpp"

#include <utility>

#include "store/sqlite/job.hpp"
#include "store/sqlite/opening.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

result<std::optional<access_code>> find_code(database& db, code_digest const& code, base::timestamp now)
{
    statement invited{db,
                      "SELECT folded_name FROM invitations WHERE code_digest = ?1 AND used < uses AND expires_at > ?2",
                      code, now};
    if (invited.step()) return std::optional{access_code{{}, invited.text(0)}};
    statement reset{db, "SELECT account_id FROM password_resets WHERE code_digest = ?1 AND expires_at > ?2", code, now};
    if (reset.step()) return std::optional{access_code{reset.integer(0), {}}};
    return std::optional<access_code>{};
}

result<opened_session> open_invited(database& db, code_digest const& code, account const& owner,
                                    new_session const& first)
{
    if (auto opened = find_opened(db, owner, first)) return std::move(*opened);
    statement{db,
              "UPDATE invitations SET used = used + 1 WHERE code_digest = ?1 AND used < uses AND expires_at > ?2"
              " AND folded_name IN ('', ?3)",
              code, first.created_at, owner.folded_name}
        .run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    // An error takes the use back: nothing of this job is committed then.
    return open_first_session(db, owner, first);
}

/// The version of the account's credential, if the code is that of a valid reset of it.
result<std::int64_t> find_version(database& db, code_digest const& code, new_session const& record)
{
    statement row{db,
                  "SELECT credential_version, disabled_at IS NOT NULL"
                  " FROM password_resets JOIN accounts ON accounts.id = account_id"
                  " WHERE code_digest = ?1 AND account_id = ?2 AND expires_at > ?3",
                  code, record.account, record.created_at};
    if (!row.step()) return unexpected(errc::not_found);
    if (row.integer(1) != 0) return unexpected(errc::credential_changed);
    return row.integer(0);
}

bool has_hash(database& db, account_id account, std::string const& hash)
{
    return statement{db, "SELECT 1 FROM accounts WHERE id = ?1 AND password_hash = ?2", account, hash}.step();
}

result<opened_session> open_after_reset(database& db, code_digest const& code, std::string const& new_hash,
                                        new_session record)
{
    if (auto opened = find_opened(db, record); opened && has_hash(db, record.account, new_hash))
        return std::move(*opened);
    auto const version = find_version(db, code, record);
    if (!version) return unexpected(version.error());
    record.credential_version = *version + 1;
    // Triggers end the sessions of the previous version, and spend the reset.
    statement{db, "UPDATE accounts SET password_hash = ?2, credential_version = ?3 WHERE id = ?1", record.account,
              new_hash, record.credential_version}
        .run();
    statement{db, "DELETE FROM password_ladders WHERE account_id = ?1", record.account}.run();
    return add_session(db, record);
}

}  // namespace

void prune_access_codes(database& db, base::timestamp now)
{
    statement{db, "DELETE FROM invitations WHERE expires_at <= ?1 OR used >= uses", now}.run();
    statement{db, "DELETE FROM password_resets WHERE expires_at <= ?1", now}.run();
}

task<result<std::optional<access_code>>> access_codes::find(code_digest code, base::timestamp now)
{
    return submit(read_queue_, [code, now](database& db) { return find_code(db, code, now); });
}

task<result<opened_session>> access_codes::register_invited(code_digest code, account owner, new_session first)
{
    return submit(write_queue_, [code, owner = std::move(owner), first = std::move(first)](database& db) {
        return open_invited(db, code, owner, first);
    });
}

task<result<opened_session>> access_codes::reset_password(code_digest code, std::string new_hash, new_session record)
{
    return submit(write_queue_, [code, new_hash = std::move(new_hash), record = std::move(record)](database& db) {
        return open_after_reset(db, code, new_hash, record);
    });
}

}  // namespace porter::detail::store::sqlite
