#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "base/clock.hpp"

namespace porter::detail::store::postgres {

/// The clock of the database, which all servers share: the steady clock of this machine and an offset, which heartbeats
/// measure. Until the first measurement it is the system's clock.
///
/// It never goes back by less than a second: a small correction makes it stand still until the database's clock has
/// caught up. A larger one, as after the database's clock was set back or after a failover to a server whose clock is
/// behind, is a step.
class shared_clock final : public clock {
public:
    using steady = std::chrono::steady_clock;

    /// It is corrected at most once in this time.
    static constexpr std::chrono::seconds step_interval{1};
    /// The longest time for which it stands still.
    static constexpr std::chrono::seconds longest_hold{1};

    shared_clock();

    timestamp now() const override;
    instant now_precise() const override;

    /// The database's clock showed `shown` at some moment between these two, so the offset is known to within half of
    /// their difference. An offset that is possible by this measurement is kept.
    void correct(instant shown, steady::time_point sent, steady::time_point received);

    /// What it shows at a moment that is not before the last correction.
    instant at(steady::time_point moment) const;

private:
    using offset = std::chrono::nanoseconds;  // of the time since 1970 from the steady clock's

    instant shown_at(steady::time_point moment) const;

    mutable std::mutex mutex_;  // also orders what several threads read
    offset offset_;
    instant earliest_{};  // what it showed at the last correction back
    std::optional<steady::time_point> corrected_at_;
};

}  // namespace porter::detail::store::postgres
