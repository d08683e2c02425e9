#include "store/postgres/administration/access_codes.hpp"

#include <utility>

#include "store/limits.hpp"
#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

constexpr char const* list =
    "SELECT id, name, uses, used, created_at, expires_at FROM invitations"
    " WHERE expires_at > unix_time() AND used < uses ORDER BY id";

constexpr char const* delete_invalid = "DELETE FROM invitations WHERE expires_at <= unix_time() OR used >= uses";

// The digest is that of a random code: with the same one, a segment before this one has added the invitation.
constexpr char const* insert =
    "INSERT INTO invitations (code_digest, name, folded_name, uses, created_at, expires_at)"
    " SELECT $1, $2, $3, $4, present.time, present.time + $5 FROM (SELECT unix_time() AS time) AS present"
    " WHERE (SELECT count(*) FROM invitations) < $6 ON CONFLICT (code_digest) DO NOTHING";

constexpr char const* find_added =
    "SELECT id, name, uses, used, created_at, expires_at FROM invitations WHERE code_digest = $1";

// The row of the account is locked. No row: there is no such account.
constexpr char const* replace_reset =
    "INSERT INTO password_resets (account_id, code_digest, created_at, expires_at)"
    " SELECT id, $2, present.time, present.time + $3"
    " FROM accounts CROSS JOIN (SELECT unix_time() AS time) AS present WHERE id = $1"
    " ON CONFLICT (account_id) DO UPDATE SET code_digest = excluded.code_digest, created_at = excluded.created_at,"
    " expires_at = excluded.expires_at RETURNING expires_at";

invitation_row read_row(row const& from)
{
    return {from.integer(0), from.text(1), count(from, 2), count(from, 3), from.time(4), from.time(5)};
}

}  // namespace

std::vector<invitation_row> list_invitations(blocking_connection& db)
{
    segment work{segment::effect::reads};
    work.add(list);
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] {
        std::vector<invitation_row> all;
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) all.push_back(read_row(rows[i]));
        return all;
    });
}

std::optional<invitation_row> add_invitation(blocking_connection& db, new_invitation const& fresh)
{
    segment work{segment::effect::writes};
    work.add(delete_invalid);
    work.add(insert, fresh.code, fresh.name, fresh.folded_name, std::int64_t{fresh.uses},
             std::int64_t{fresh.duration.count()}, static_cast<std::int64_t>(most_invitations));
    work.add(find_added, fresh.code);
    auto const answer = db.change(std::move(work));
    return read_results(db, [&]() -> std::optional<invitation_row> {
        auto const& added = answer.results.at(2);
        if (added.empty()) return std::nullopt;
        return read_row(added[0]);
    });
}

result<void> remove_invitation(blocking_connection& db, std::int64_t id)
{
    segment work{segment::effect::writes};
    work.add(delete_invalid).add("DELETE FROM invitations WHERE id = $1", id);
    auto const answer = db.change(std::move(work));
    if (answer.results.at(1).affected() == 0 && !answer.is_repeated) return unexpected(errc::not_found);
    return {};
}

result<base::timestamp> add_reset(blocking_connection& db, account_id account, code_digest const& code,
                                  std::chrono::seconds duration)
{
    segment work{segment::effect::writes};
    work.add(lock_account, account).add(replace_reset, account, code, std::int64_t{duration.count()});
    auto const answer = db.change(std::move(work));
    auto const& made = answer.results.at(1);
    if (made.empty()) return unexpected(errc::not_found);
    return read_results(db, [&] { return made[0].time(0); });
}

}  // namespace porter::detail::store::postgres::administration
