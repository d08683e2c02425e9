#include "store/postgres/shared_clock.hpp"

#include <algorithm>

namespace porter::detail::store::postgres {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

shared_clock::shared_clock()
    : offset_(std::chrono::system_clock::now().time_since_epoch() - steady::now().time_since_epoch())
{}

timestamp shared_clock::now() const
{
    return std::chrono::floor<std::chrono::seconds>(now_precise());
}

instant shared_clock::now_precise() const
{
    std::lock_guard const lock{mutex_};
    return shown_at(steady::now());
}

instant shared_clock::at(steady::time_point moment) const
{
    std::lock_guard const lock{mutex_};
    return shown_at(moment);
}

instant shared_clock::shown_at(steady::time_point moment) const
{
    auto const since_1970 = nanoseconds{moment.time_since_epoch()} + offset_;
    return std::max(instant{std::chrono::floor<milliseconds>(since_1970)}, earliest_);
}

void shared_clock::correct(instant shown, steady::time_point sent, steady::time_point received)
{
    std::lock_guard const lock{mutex_};
    if (corrected_at_ && received - *corrected_at_ < step_interval) return;
    nanoseconds const time{shown.time_since_epoch()};
    auto const least = time - received.time_since_epoch();
    auto const greatest = time + milliseconds{1} - sent.time_since_epoch();  // `shown` is rounded down
    if (offset_ >= least && offset_ <= greatest) return;
    auto const before = shown_at(received);
    offset_ = least + (greatest - least) / 2;
    earliest_ = instant{};
    if (auto const after = shown_at(received); after < before && before - after <= longest_hold) earliest_ = before;
    corrected_at_ = received;
}

}  // namespace porter::detail::store::postgres
