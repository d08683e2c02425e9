#include "store/postgres/administration/sessions.hpp"

#include <string_view>
#include <utility>

#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

constexpr std::string_view by_administrator = "revoked_by_administrator";

constexpr char const* list =
    "SELECT sessions.id, account_id, sessions.created_at, last_used_at, expires_at, address, transport, name"
    " FROM sessions JOIN accounts ON accounts.id = account_id WHERE $1 IS NULL OR account_id = $1 ORDER BY sessions.id";

constexpr char const* lock_owner =
    "SELECT name FROM accounts WHERE id = (SELECT account_id FROM sessions WHERE id = $1) FOR NO KEY UPDATE";
constexpr char const* end_one = "DELETE FROM sessions WHERE id = $1";
// Of a session that a segment before this one has ended.
constexpr char const* find_ended = "SELECT account_name FROM ended_sessions WHERE session_id = $1";

constexpr char const* end_all = "DELETE FROM sessions WHERE account_id = $1";
constexpr char const* end_expired = "DELETE FROM sessions WHERE expires_at <= $1 OR last_used_at <= $2";

}  // namespace

std::vector<session_row> list_sessions(blocking_connection& db, std::optional<account_id> account)
{
    segment work{segment::effect::reads};
    work.add(list, account);
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] {
        std::vector<session_row> all;
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) all.push_back({read_session(rows[i]), rows[i].text(7)});
        return all;
    });
}

result<std::string> end_session(blocking_connection& db, session_id id)
{
    segment work{segment::effect::writes};
    work.add(lock_owner, id).add(set_end_cause, by_administrator).add(end_one, id).add(find_ended, id);
    auto const answer = db.change(std::move(work));
    auto const& owner = answer.results.at(answer.is_repeated ? 3 : 0);
    if (owner.empty() || (!answer.is_repeated && answer.results.at(2).affected() == 0)) {
        return unexpected(errc::not_found);
    }
    return read_results(db, [&] { return owner[0].text(0); });
}

std::size_t end_sessions(blocking_connection& db, account_id account)
{
    segment work{segment::effect::writes};
    work.add(lock_account, account).add(set_end_cause, by_administrator).add(end_all, account);
    return db.change(std::move(work)).results.at(2).affected();
}

std::size_t prune_sessions(blocking_connection& db, base::timestamp now, base::timestamp idle_since)
{
    segment work{segment::effect::writes};
    work.add(set_end_cause, name_of(end_cause::expired)).add(end_expired, now, idle_since);
    return db.change(std::move(work)).results.at(1).affected();
}

}  // namespace porter::detail::store::postgres::administration
