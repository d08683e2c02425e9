#include "store/postgres/ban_journal.hpp"

#include "store/limits.hpp"

namespace porter::detail::store::postgres {

void ban_journal::add_look(segment& work)
{
    work.add("SELECT coalesce(max(number), 0) FROM ban_changes");
}

bool ban_journal::has_changed(result_set const& found)
{
    found_number_ = found[0].integer(0);
    return found_number_ != seen_number_;
}

segment ban_journal::read()
{
    segment work{segment::effect::reads};
    work.add("SELECT network, expires_at, is_silent FROM bans ORDER BY network LIMIT $1",
             static_cast<std::int64_t>(most_bans) + 1);
    return work;
}

std::vector<ban> ban_journal::take(reply const& answer)
{
    auto const& rows = answer.results.at(0);
    std::vector<ban> bans;
    bans.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        bans.push_back({rows[i].text(0), rows[i].optional_time(1), rows[i].boolean(2)});
    }
    // What was committed between the two statements is read again after the next look.
    seen_number_ = found_number_;
    return bans;
}

}  // namespace porter::detail::store::postgres
