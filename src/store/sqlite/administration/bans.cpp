#include "store/sqlite/administration/bans.hpp"

#include <cstdint>
#include <optional>

#include "store/limits.hpp"
#include "store/sqlite/administration/guarded_transaction.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

void delete_expired(database& db)
{
    statement{db, "DELETE FROM bans WHERE expires_at <= unixepoch()"}.run();
}

bool has_ban(database& db, std::string const& network)
{
    return statement{db, "SELECT 1 FROM bans WHERE network = ?1", network}.step();
}

}  // namespace

std::vector<ban_row> list_bans(database& db)
{
    std::vector<ban_row> all;
    statement row{db,
                  "SELECT network, expires_at, is_silent, reason, created_at FROM bans"
                  " WHERE expires_at IS NULL OR expires_at > unixepoch() ORDER BY created_at DESC, network"};
    while (row.step()) {
        all.push_back({row.bytes(0), row.optional_time(1), row.integer(2) != 0, row.bytes(3), row.time(4)});
    }
    return all;
}

added_ban add_ban(database& db, new_ban const& ban)
{
    using enum added_ban::outcome;
    guarded_transaction tx{db};
    delete_expired(db);
    added_ban made;
    made.result = has_ban(db, ban.network) ? replaced : added;
    if (made.result == added && db.integer("SELECT count(*) FROM bans") >= static_cast<std::int64_t>(most_bans)) {
        made.result = full;
        return made;
    }
    std::optional<std::int64_t> duration;
    if (ban.duration) duration = ban.duration->count();
    {
        statement row{db,
                      "INSERT INTO bans (network, expires_at, is_silent, reason)"
                      " VALUES (?1, unixepoch() + ?2, ?3, ?4)"
                      " ON CONFLICT (network) DO UPDATE SET expires_at = excluded.expires_at,"
                      " is_silent = excluded.is_silent, reason = excluded.reason, created_at = excluded.created_at"
                      " RETURNING expires_at",
                      ban.network,
                      duration,
                      std::int64_t{ban.is_silent},
                      ban.reason};
        if (row.step()) made.expires_at = row.optional_time(0);
        row.step();
    }
    tx.commit();
    return made;
}

result<void> remove_ban(database& db, std::string const& network, std::optional<std::string> const& reason)
{
    guarded_transaction tx{db};
    delete_expired(db);
    statement{db, "DELETE FROM bans WHERE network = ?1 AND (?2 IS NULL OR reason = ?2)", network, reason}.run();
    bool const is_removed = db.changes() > 0;
    tx.commit();
    if (!is_removed) return unexpected(errc::not_found);
    return {};
}

}  // namespace porter::detail::store::sqlite::administration
