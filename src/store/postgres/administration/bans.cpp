#include "store/postgres/administration/bans.hpp"

#include <cstdint>
#include <optional>
#include <utility>

#include "store/limits.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

// Networks in the spelling in which porterd reads them, whatever was written by hand.
constexpr char const* list =
    "SELECT abbrev(network::inet), expires_at, is_silent, reason, created_at FROM bans"
    " WHERE expires_at IS NULL OR expires_at > unix_time() ORDER BY created_at DESC, network";

// The first statement of each change. Its trigger locks the row of ban_changes, deleted bans or not, so what follows
// sees what others have done.
constexpr char const* delete_expired = "DELETE FROM bans WHERE expires_at <= unix_time()";

constexpr char const* has_ban = "SELECT EXISTS (SELECT FROM bans WHERE network = $1)";

// No row: there are too many.
constexpr char const* insert =
    "INSERT INTO bans (network, expires_at, is_silent, reason, created_at)"
    " SELECT $1, present.time + $2, $3, $4, present.time FROM (SELECT unix_time() AS time) AS present"
    " WHERE (SELECT count(*) FROM bans WHERE network <> $1) < $5"
    " ON CONFLICT (network) DO UPDATE SET expires_at = excluded.expires_at, is_silent = excluded.is_silent,"
    " reason = excluded.reason, created_at = excluded.created_at RETURNING expires_at";

constexpr char const* remove =
    "DELETE FROM bans WHERE (network = $1 OR abbrev(network::inet) = $1) AND ($2 IS NULL OR reason = $2)";

}  // namespace

std::vector<ban_row> list_bans(blocking_connection& db)
{
    segment work{segment::effect::reads};
    work.add(list);
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] {
        std::vector<ban_row> all;
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            auto const row = rows[i];
            all.push_back({row.text(0), row.optional_time(1), row.boolean(2), row.text(3), row.time(4)});
        }
        return all;
    });
}

added_ban add_ban(blocking_connection& db, new_ban const& ban)
{
    using enum added_ban::outcome;
    std::optional<std::int64_t> duration;
    if (ban.duration) duration = ban.duration->count();
    segment work{segment::effect::writes};
    work.add(delete_expired).add(has_ban, ban.network);
    work.add(insert, ban.network, duration, ban.is_silent, ban.reason, static_cast<std::int64_t>(most_bans));
    auto const answer = db.change(std::move(work));
    return read_results(db, [&] {
        auto const& made = answer.results.at(2);
        if (made.empty()) return added_ban{full, {}};
        // A repeated one finds what it has added itself.
        bool const was_there = !answer.is_repeated && answer.results.at(1)[0].boolean(0);
        return added_ban{was_there ? replaced : added, made[0].optional_time(0)};
    });
}

result<void> remove_ban(blocking_connection& db, std::string const& network, std::optional<std::string> const& reason)
{
    segment work{segment::effect::writes};
    work.add(delete_expired).add(remove, network, reason);
    auto const answer = db.change(std::move(work));
    if (answer.results.at(1).affected() == 0 && !answer.is_repeated) return unexpected(errc::not_found);
    return {};
}

}  // namespace porter::detail::store::postgres::administration
