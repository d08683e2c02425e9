#include "store/sqlite/ban_journal.hpp"

#include "store/ban_pause.hpp"
#include "store/limits.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

std::optional<std::vector<ban>> ban_journal::look(database& db, time now)
{
    if (now < next_) return std::nullopt;
    // Read first: a later commit changes it again.
    auto const version = db.integer("PRAGMA data_version");
    if (version == seen_version_) return std::nullopt;
    // .restore of the sqlite3 shell may have put a database of another version here, which the reader reports.
    if (db.integer("PRAGMA user_version") != newest_version()) return std::nullopt;
    auto const number = db.integer("SELECT number FROM ban_changes");
    if (number == seen_number_) {
        seen_version_ = version;
        return std::nullopt;
    }
    std::vector<ban> bans;
    {
        statement row{db, "SELECT network, expires_at, is_silent FROM bans ORDER BY network LIMIT ?1",
                      static_cast<std::int64_t>(most_bans) + 1};
        // As bytes: a damaged network is one that cannot be read, and the others are in force.
        while (row.step()) bans.push_back({row.bytes(0), row.optional_time(1), row.integer(2) != 0});
    }
    seen_version_ = version;
    seen_number_ = number;
    next_ = now + pause_after_bans(bans.size());
    return bans;
}

}  // namespace porter::detail::store::sqlite
