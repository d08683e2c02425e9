#include "auth/throttle.hpp"

#include <utility>

#include "auth/throttle_rules.hpp"

namespace porter::rooms::auth {
namespace {

/// Tries that could not be given back: a store that is down for long is not to cost memory without end.
constexpr std::size_t most_owed = 1024;

std::string_view name_of(store::verdict::rule by)
{
    using enum store::verdict::rule;
    if (by == account_paused) return "account_paused";
    if (by == registrations_used_up) return "registrations_used_up";
    return by == account_locked ? "account_locked" : "network_throttled";
}

failure unavailable()
{
    return {code::unavailable, "the user database cannot be reached just now"};
}

failure as_failure(store::verdict const& refused)
{
    using enum store::verdict::rule;
    if (refused.by == undecided) return {code::busy, "other tries are being checked", refused.retry_after};
    if (refused.by == account_locked) {
        return {code::throttled, "too many failed tries: only the administrator can let you try again"};
    }
    if (refused.by == registrations_used_up) {
        return {code::throttled, "too many new accounts from your address: wait a while", refused.retry_after};
    }
    auto const* why = refused.by == account_paused ? "too many failed tries: wait a little"
                                                   : "too many failed tries from your address: wait a while";
    return {code::throttled, why, refused.retry_after};
}

}  // namespace

throttle::throttle(store::tries& tries, base::clock const& clock, log::logger& log, std::uint32_t max_registrations)
    : tries_(tries),
      clock_(clock),
      log_(log),
      max_registrations_(max_registrations),
      unknown_(throttle_rules, most_unknown_names)
{}

task<result<attempt>> throttle::begin(std::optional<store::account_id> account, std::string name,
                                      identity::address from)
{
    store::secret_try asked;
    asked.account = account;
    asked.at = clock_.now_finely();
    attempt made;
    if (!account) {
        auto const key = unknown_.key_of(name);
        auto const begun = unknown_.begin(key, asked.at);
        asked.instead = begun.before;
        asked.instead_is_undecided = begun.undecided;
        if (begun.counted) made.unknown = key;
    }
    auto const before = asked.instead ? asked.instead->last : base::instant{};
    auto const at = asked.at;
    auto judged = co_await judge(std::move(asked), from);
    if (judged) {
        made.counted = std::move(judged->counted);
        co_return made;
    }
    if (made.unknown) unknown_.give_back(*made.unknown, at, before);
    co_return refuse(judged.error());
}

task<result<attempt>> throttle::begin(identity::address from)
{
    store::secret_try asked;
    asked.at = clock_.now_finely();
    auto judged = co_await judge(std::move(asked), from);
    if (!judged) co_return refuse(judged.error());
    attempt made;
    made.counted = std::move(judged->counted);
    co_return made;
}

task<result<attempt>> throttle::begin_registration(identity::address from)
{
    store::secret_try asked;
    asked.at = clock_.now_finely();
    asked.max_registrations = max_registrations_;
    auto judged = co_await judge(std::move(asked), from);
    if (!judged) co_return refuse(judged.error());
    attempt made;
    made.counted = std::move(judged->counted);
    co_return made;
}

task<result<store::judged_try>> throttle::judge(store::secret_try asked, identity::address from)
{
    co_await give_back_owed();
    asked.network = from.network();
    auto judged = co_await tries_.begin(std::move(asked), throttle_rules);
    if (!judged) co_return refuse(unavailable());
    auto const& verdict = judged->verdict;
    if (verdict.by == store::verdict::rule::undecided) co_return refuse(as_failure(verdict));
    if (!verdict.allows()) {
        log_.info("throttled", {{"address", from.text()},
                                {"connection", from.connection()},
                                {"rule", name_of(verdict.by)},
                                {"retry_after", verdict.retry_after.count()}});
        co_return refuse(as_failure(verdict));
    }
    co_return std::move(*judged);
}

task<result<void>> throttle::fail(attempt decided)
{
    auto const stored = co_await tries_.fail(decided.counted);
    if (!stored) {
        co_await give_back(std::move(decided));
        co_return refuse(unavailable());
    }
    if (decided.unknown) unknown_.fail(*decided.unknown);
    co_return result<void>{};
}

task<result<void>> throttle::fail(store::counted_try decided)
{
    attempt whole{std::move(decided), {}};
    auto const stored = co_await fail(std::move(whole));
    co_return stored;
}

task<void> throttle::give_back(attempt undecided)
{
    auto const& counted = undecided.counted;
    if (undecided.unknown) unknown_.give_back(*undecided.unknown, counted.at, counted.last_before);
    co_await give_back(counted);
}

task<void> throttle::give_back(store::counted_try undecided)
{
    std::vector<store::counted_try> const one{std::move(undecided)};
    auto const done = co_await tries_.give_back(one);
    if (!done) owe(one);
}

task<void> throttle::give_back_owed()
{
    std::vector<store::counted_try> owed;
    {
        std::lock_guard const lock{mutex_};
        owed.swap(owed_);
    }
    if (owed.empty()) co_return;
    auto const done = co_await tries_.give_back(owed);
    if (!done) owe(std::move(owed));
}

void throttle::owe(std::vector<store::counted_try> undecided)
{
    std::lock_guard const lock{mutex_};
    for (auto& each : undecided) {
        if (owed_.size() < most_owed) owed_.push_back(std::move(each));
    }
}

}  // namespace porter::rooms::auth
