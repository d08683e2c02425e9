#include "auth/throttle.hpp"

#include <utility>

#include "auth/throttle_rules.hpp"

namespace porter::detail::auth {
namespace {

/// Tries that could not be given back: a store that is down for long is not to cost memory without end.
constexpr std::size_t most_owed = 1024;

std::string_view name_of(store::decision::rule by)
{
    using enum store::decision::rule;
    if (by == account_paused) return "account_paused";
    if (by == registrations_used_up) return "registrations_used_up";
    return by == account_locked ? "account_locked" : "network_throttled";
}

error unavailable()
{
    return {code::unavailable, "the user database cannot be reached just now"};
}

error as_failure(store::decision const& refused)
{
    using enum store::decision::rule;
    if (refused.by == pending) return {code::busy, "other tries are being checked", refused.retry_after};
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

throttle::throttle(store::attempts& tries, base::clock const& clock, log::logger& log, std::uint32_t max_registrations)
    : attempts_(tries),
      clock_(clock),
      log_(log),
      max_registrations_(max_registrations),
      unknown_(throttle_rules, most_unknown_names)
{}

task<result<attempt>> throttle::begin(std::optional<store::account_id> account, std::string name,
                                      identity::address from)
{
    store::secret_attempt asked;
    asked.account = account;
    asked.at = clock_.now_precise();
    attempt made;
    if (!account) {
        auto const key = unknown_.key_of(name);
        auto const begun = unknown_.begin(key, asked.at);
        asked.fallback = begun.before;
        asked.fallback_is_pending = begun.pending;
        if (begun.counted) made.unknown = key;
    }
    auto const before = asked.fallback ? asked.fallback->last_failed_at : base::instant{};
    auto const at = asked.at;
    auto judged = co_await decide(std::move(asked), from);
    if (judged) {
        made.counted = std::move(judged->counted);
        co_return made;
    }
    if (made.unknown) unknown_.rollback(*made.unknown, at, before);
    co_return unexpected(judged.error());
}

task<result<attempt>> throttle::begin(identity::address from)
{
    store::secret_attempt asked;
    asked.at = clock_.now_precise();
    auto judged = co_await decide(std::move(asked), from);
    if (!judged) co_return unexpected(judged.error());
    attempt made;
    made.counted = std::move(judged->counted);
    co_return made;
}

task<result<attempt>> throttle::begin_registration(identity::address from)
{
    store::secret_attempt asked;
    asked.at = clock_.now_precise();
    asked.max_registrations = max_registrations_;
    auto judged = co_await decide(std::move(asked), from);
    if (!judged) co_return unexpected(judged.error());
    attempt made;
    made.counted = std::move(judged->counted);
    co_return made;
}

task<result<store::attempt_result>> throttle::decide(store::secret_attempt asked, identity::address from)
{
    co_await retry_rollbacks();
    asked.network = from.network();
    auto judged = co_await attempts_.begin(std::move(asked), throttle_rules);
    if (!judged) co_return unexpected(unavailable());
    auto const& verdict = judged->decision;
    if (verdict.by == store::decision::rule::pending) co_return unexpected(as_failure(verdict));
    if (!verdict.allows()) {
        log_.with(from).info("throttled",
                             {{"rule", name_of(verdict.by)}, {"retry_after", verdict.retry_after.count()}});
        co_return unexpected(as_failure(verdict));
    }
    co_return std::move(*judged);
}

task<result<void>> throttle::fail(attempt decided)
{
    auto const stored = co_await attempts_.fail(decided.counted);
    if (!stored) {
        co_await rollback(std::move(decided));
        co_return unexpected(unavailable());
    }
    if (decided.unknown) unknown_.fail(*decided.unknown);
    co_return result<void>{};
}

task<result<void>> throttle::fail(store::counted_attempt decided)
{
    attempt whole{std::move(decided), {}};
    auto const stored = co_await fail(std::move(whole));
    co_return stored;
}

task<void> throttle::rollback(attempt undecided)
{
    auto const& counted = undecided.counted;
    if (undecided.unknown) unknown_.rollback(*undecided.unknown, counted.at, counted.last_before);
    co_await rollback(counted);
}

task<void> throttle::rollback(store::counted_attempt undecided)
{
    std::vector<store::counted_attempt> const one{std::move(undecided)};
    auto const done = co_await attempts_.rollback(one);
    if (!done) defer_rollback(one);
}

task<void> throttle::retry_rollbacks()
{
    std::vector<store::counted_attempt> owed;
    {
        std::lock_guard const lock{mutex_};
        owed.swap(deferred_rollbacks_);
    }
    if (owed.empty()) co_return;
    auto const done = co_await attempts_.rollback(owed);
    if (!done) defer_rollback(std::move(owed));
}

void throttle::defer_rollback(std::vector<store::counted_attempt> undecided)
{
    std::lock_guard const lock{mutex_};
    for (auto& each : undecided) {
        if (deferred_rollbacks_.size() < most_owed) deferred_rollbacks_.push_back(std::move(each));
    }
}

}  // namespace porter::detail::auth
