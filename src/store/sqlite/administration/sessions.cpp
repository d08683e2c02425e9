#include "store/sqlite/administration/sessions.hpp"

#include "store/sqlite/administration/guarded_transaction.hpp"
#include "store/sqlite/end_cause.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {
namespace {

constexpr std::string_view by_administrator = "revoked_by_administrator";

/// Unlike the servers' read_session(), it takes a text that is damaged.
session_row read_row(statement const& row)
{
    session_row one;
    one.session.id = row.integer(0);
    one.session.account = row.integer(1);
    one.session.created_at = row.time(2);
    one.session.last_used_at = row.time(3);
    one.session.expires_at = row.time(4);
    one.session.address = row.bytes(5);
    one.session.transport = row.bytes(6) == name_of(transport::tls) ? transport::tls : transport::plain;
    one.account_name = row.bytes(7);
    return one;
}

}  // namespace

std::vector<session_row> list_sessions(database& db, std::optional<account_id> account)
{
    std::vector<session_row> all;
    statement row{db,
                  "SELECT sessions.id, account_id, sessions.created_at, last_used_at, expires_at, address, transport,"
                  " name FROM sessions JOIN accounts ON accounts.id = account_id"
                  " WHERE ?1 IS NULL OR account_id = ?1 ORDER BY sessions.id",
                  account};
    while (row.step()) all.push_back(read_row(row));
    return all;
}

result<std::string> end_session(database& db, session_id id)
{
    guarded_transaction tx{db};
    std::string owner;
    {
        statement found{
            db, "SELECT name FROM sessions JOIN accounts ON accounts.id = account_id WHERE sessions.id = ?1", id};
        if (found.step()) owner = found.text(0);
    }
    statement{db, "DELETE FROM sessions WHERE id = ?1", id}.run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    set_end_cause(db, by_administrator);
    tx.commit();
    return owner;
}

std::size_t end_sessions(database& db, account_id account)
{
    guarded_transaction tx{db};
    statement{db, "DELETE FROM sessions WHERE account_id = ?1", account}.run();
    auto const ended = static_cast<std::size_t>(db.changes());
    set_end_cause(db, by_administrator);
    tx.commit();
    return ended;
}

std::size_t prune_sessions(database& db, base::timestamp now, base::timestamp idle_since)
{
    guarded_transaction tx{db};
    statement{db, "DELETE FROM sessions WHERE expires_at <= ?1 OR last_used_at <= ?2", now, idle_since}.run();
    auto const ended = static_cast<std::size_t>(db.changes());
    set_end_cause(db, name_of(end_cause::expired));
    tx.commit();
    return ended;
}

}  // namespace porter::detail::store::sqlite::administration
