#include "store/sqlite/administration/access_codes.hpp"

#include "store/limits.hpp"
#include "store/sqlite/administration/guarded_transaction.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

void delete_invalid(database& db)
{
    statement{db, "DELETE FROM invitations WHERE expires_at <= unixepoch() OR used >= uses"}.run();
}

/// Columns 0 to 5: id, name, uses, used, created_at, expires_at.
invitation_row read_row(statement const& row)
{
    return {row.integer(0), row.bytes(1), row.count(2), row.count(3), row.time(4), row.time(5)};
}

}  // namespace

std::vector<invitation_row> list_invitations(database& db)
{
    std::vector<invitation_row> all;
    statement row{db,
                  "SELECT id, name, uses, used, created_at, expires_at FROM invitations"
                  " WHERE expires_at > unixepoch() AND used < uses ORDER BY id"};
    while (row.step()) all.push_back(read_row(row));
    return all;
}

std::optional<invitation_row> add_invitation(database& db, new_invitation const& fresh)
{
    guarded_transaction tx{db};
    delete_invalid(db);
    if (db.integer("SELECT count(*) FROM invitations") >= static_cast<std::int64_t>(most_invitations)) {
        return std::nullopt;
    }
    std::optional<invitation_row> added;
    {
        statement row{db,
                      "INSERT INTO invitations (code_digest, name, folded_name, uses, expires_at)"
                      " VALUES (?1, ?2, ?3, ?4, unixepoch() + ?5) RETURNING id, name, uses, used, created_at,"
                      " expires_at",
                      fresh.code,
                      fresh.name,
                      fresh.folded_name,
                      std::int64_t{fresh.uses},
                      std::int64_t{fresh.duration.count()}};
        if (row.step()) added = read_row(row);
        row.step();
    }
    tx.commit();
    return added;
}

result<void> remove_invitation(database& db, std::int64_t id)
{
    guarded_transaction tx{db};
    delete_invalid(db);
    statement{db, "DELETE FROM invitations WHERE id = ?1", id}.run();
    bool const is_removed = db.changes() > 0;
    tx.commit();
    if (!is_removed) return unexpected(errc::not_found);
    return {};
}

result<base::timestamp> add_reset(database& db, account_id account, code_digest const& code,
                                  std::chrono::seconds duration)
{
    guarded_transaction tx{db};
    if (!statement{db, "SELECT 1 FROM accounts WHERE id = ?1", account}.step()) return unexpected(errc::not_found);
    base::timestamp expires_at{};
    {
        statement row{db,
                      "INSERT INTO password_resets (account_id, code_digest, expires_at)"
                      " VALUES (?1, ?2, unixepoch() + ?3)"
                      " ON CONFLICT (account_id) DO UPDATE SET code_digest = excluded.code_digest,"
                      " created_at = excluded.created_at, expires_at = excluded.expires_at RETURNING expires_at",
                      account, code, std::int64_t{duration.count()}};
        if (row.step()) expires_at = row.time(0);
        row.step();
    }
    tx.commit();
    return expires_at;
}

}  // namespace porter::detail::store::sqlite::administration
