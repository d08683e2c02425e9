#include "auth/throttle.hpp"

#include <sodium/randombytes.h>

#include <utility>

#include "auth/throttle_rules.hpp"
#include "store/unavailable.hpp"

namespace porter::detail::auth {
namespace {

/// Bounds the memory for attempts that could not be rolled back while the store is unavailable.
constexpr std::size_t max_deferred = 1024;

std::string_view name_of(store::decision::rule by)
{
    using enum store::decision::rule;
    if (by == account_paused) return "account_paused";
    if (by == registrations_used_up) return "registrations_used_up";
    return by == account_locked ? "account_locked" : "network_throttled";
}

store::attempt_id random_id()
{
    std::uint64_t bits = 0;
    while (bits == 0) {
        randombytes_buf(&bits, sizeof bits);
        bits >>= 1U;  // ids are positive
    }
    return static_cast<store::attempt_id>(bits);
}

error denial_of(store::decision const& denial)
{
    using enum store::decision::rule;
    if (denial.by == pending) return {code::busy, "other tries are being checked", denial.retry_after};
    if (denial.by == account_locked) {
        return {code::throttled, "too many failed tries: only the administrator can let you try again"};
    }
    if (denial.by == registrations_used_up) {
        return {code::throttled, "too many new accounts from your address: wait a while", denial.retry_after};
    }
    auto const* reason = denial.by == account_paused ? "too many failed tries: wait a little"
                                                     : "too many failed tries from your address: wait a while";
    return {code::throttled, reason, denial.retry_after};
}

}  // namespace

throttle::throttle(store::attempts& attempts, base::clock const& clock, log::logger& log, name_key const& key,
                   std::uint32_t max_registrations)
    : attempts_(attempts), clock_(clock), log_(log), key_(key), max_registrations_(max_registrations)
{}

task<result<store::counted_attempt>> throttle::begin(std::optional<store::account_id> account, std::string name,
                                                     identity::address from)
{
    auto request = request_from(from);
    request.account = account;
    if (!account) request.unknown_name = digest_of(name, key_);
    return begin_stored(std::move(request), std::move(from));
}

task<result<store::counted_attempt>> throttle::begin(identity::address from)
{
    auto request = request_from(from);
    return begin_stored(std::move(request), std::move(from));
}

task<result<store::counted_attempt>> throttle::begin_registration(identity::address from)
{
    auto request = request_from(from);
    request.max_registrations = max_registrations_;
    return begin_stored(std::move(request), std::move(from));
}

store::secret_attempt throttle::request_from(identity::address const& from) const
{
    store::secret_attempt request;
    request.id = random_id();
    request.network = from.network();
    request.at = clock_.now_precise();
    return request;
}

task<result<store::counted_attempt>> throttle::begin_stored(store::secret_attempt request, identity::address from)
{
    co_await retry_rollbacks();
    auto stored = co_await attempts_.begin(std::move(request), throttle_rules);
    if (!stored) co_return unexpected(store::unavailable());
    auto const& decision = stored->decision;
    if (decision.by == store::decision::rule::pending) co_return unexpected(denial_of(decision));
    if (!decision.allows()) {
        recent_.record(from.network(), name_of(decision.by), decision.retry_after, clock_.now());
        log_.with(from).info("throttled",
                             {{"rule", name_of(decision.by)}, {"retry_after", decision.retry_after.count()}});
        co_return unexpected(denial_of(decision));
    }
    co_return std::move(stored->counted);
}

task<result<void>> throttle::fail(store::counted_attempt failed)
{
    auto const stored = co_await attempts_.fail(failed);
    if (!stored) {
        co_await rollback(std::move(failed));
        co_return unexpected(store::unavailable());
    }
    co_return result<void>{};
}

task<void> throttle::rollback(store::counted_attempt pending)
{
    std::vector<store::counted_attempt> const one{std::move(pending)};
    auto const done = co_await attempts_.rollback(one);
    if (!done) defer_rollback(one);
}

task<void> throttle::retry_rollbacks()
{
    std::vector<store::counted_attempt> deferred;
    {
        std::lock_guard const lock{mutex_};
        deferred.swap(deferred_rollbacks_);
    }
    if (deferred.empty()) co_return;
    auto const done = co_await attempts_.rollback(deferred);
    if (!done) defer_rollback(std::move(deferred));
}

void throttle::defer_rollback(std::vector<store::counted_attempt> pending)
{
    std::lock_guard const lock{mutex_};
    for (auto& each : pending) {
        if (deferred_rollbacks_.size() < max_deferred) deferred_rollbacks_.push_back(std::move(each));
    }
}

}  // namespace porter::detail::auth
