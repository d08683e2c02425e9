#include "store/postgres/ban_journal.hpp"

#include <utility>

#include "store/ban_pause.hpp"
#include "store/limits.hpp"

namespace porter::detail::store::postgres {

void ban_journal::on_connected() noexcept
{
    is_reading_ = false;
    seen_number_.reset();
    next_ = time::min();
}

void ban_journal::add_look(segment& work)
{
    work.add("SELECT coalesce(max(number), 0) FROM ban_changes");
}

void ban_journal::take_look(result_set const& found, time now)
{
    auto const number = found[0].integer(0);
    if (is_reading_ || number == seen_number_ || now < next_) return;
    is_reading_ = true;
    bans_.clear();
    last_.clear();  // before all others
    number_ = number;
}

segment ban_journal::read() const
{
    segment work{segment::effect::reads};
    // abbrev() has the whole address, in a spelling that base::network knows, whatever was written by hand.
    work.add(
        "SELECT abbrev(network::inet), expires_at, is_silent, network FROM bans WHERE network > $1"
        " ORDER BY network LIMIT $2",
        last_, static_cast<std::int64_t>(bans_at_once));
    return work;
}

std::optional<std::vector<ban>> ban_journal::take(reply const& answer, time now)
{
    auto const& rows = answer.results.at(0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto const row = rows[i];
        bans_.push_back({row.text(0), row.optional_time(1), row.boolean(2)});
        last_ = row.text(3);
    }
    if (rows.size() == bans_at_once && bans_.size() <= most_bans) return std::nullopt;
    if (bans_.size() > most_bans) bans_.resize(most_bans + 1);
    // What was committed since then is read after a later look, as the number is another one.
    seen_number_ = number_;
    is_reading_ = false;
    next_ = now + pause_after_bans(bans_.size());
    return std::exchange(bans_, {});
}

}  // namespace porter::detail::store::postgres
