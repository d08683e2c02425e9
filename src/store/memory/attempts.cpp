#include "store/memory/attempts.hpp"

#include <algorithm>
#include <functional>

#include "base/network.hpp"
#include "store/limits.hpp"

namespace porter::detail::store::memory {

namespace {

base::timestamp in_seconds(base::instant when)
{
    return std::chrono::floor<std::chrono::seconds>(when);
}

std::string failures_of(counted_attempt const& counted)
{
    return counted.is_known_network ? counted.network : std::string{};
}

std::optional<base::timestamp> registrations_full_since(tables const& all, secret_attempt const& asked,
                                                        std::string registration::* column, std::string const& value,
                                                        std::uint64_t most)
{
    std::vector<base::timestamp> times;
    for (auto const& [id, one] : all.registrations) {
        if (one.*column == value && one.at < in_seconds(asked.at) + registration_window) times.push_back(one.at);
    }
    std::ranges::sort(times, std::greater{});
    if (times.size() < most) return std::nullopt;
    return times[most - 1];
}

std::optional<base::timestamp> later(std::optional<base::timestamp> a, std::optional<base::timestamp> b)
{
    return std::max(a, b);  // none is less than any
}

attempt_history attempts_of(account_row* row, tables const& all, secret_attempt const& asked,
                            throttle_rules const& rules)
{
    attempt_history found;
    if (row) {
        found.is_known_network = row->networks.contains(asked.network);
        auto const counter = row->counters.find(found.is_known_network ? asked.network : std::string{});
        if (counter != row->counters.end()) found.failures = counter->second;
    } else if (asked.fallback) {
        found.failures = *asked.fallback;
    }
    std::vector<base::timestamp> times;
    for (auto const& [id, failure] : all.failures) {
        bool const counts =
            failure.network == asked.network && failure.at < in_seconds(asked.at) + rules.network_window;
        if (counts) times.push_back(failure.at);
    }
    std::ranges::sort(times, std::greater{});
    if (times.size() >= rules.failures_per_network) found.network_full_since = times[rules.failures_per_network - 1];
    if (asked.max_registrations > 0) {
        found.registrations_full_since =
            later(registrations_full_since(all, asked, &registration::network, asked.network, asked.max_registrations),
                  registrations_full_since(all, asked, &registration::site, base::site_of(asked.network),
                                           std::uint64_t{networks_per_site} * asked.max_registrations));
    }
    return found;
}

/// Whether tries that are not decided share in the refusal.
bool is_pending(tables const& all, secret_attempt const& asked, bool is_known_network, decision const& refused)
{
    if (refused.by == decision::rule::registrations_used_up) {
        return std::ranges::any_of(all.failures, [&](auto const& entry) {
            auto const& one = entry.second;
            return one.is_pending && one.registration != 0 &&
                   base::site_of(one.network) == base::site_of(asked.network);
        });
    }
    bool const by_network = refused.by == decision::rule::network_throttled;
    if (!by_network && !asked.account) return asked.fallback_is_pending;
    std::string const counter = is_known_network ? asked.network : std::string{};
    return std::ranges::any_of(all.failures, [&](auto const& entry) {
        auto const& one = entry.second;
        if (!one.is_pending) return false;
        return by_network ? one.network == asked.network : one.account == asked.account && one.counter == counter;
    });
}

/// Without this try; the account's own figures with it.
void forget(operation& now, tables& all, counted_attempt const& counted)
{
    all.failures.erase(counted.entry);
    all.registrations.erase(counted.registration);
    auto* row = counted.account ? now.account(*counted.account) : nullptr;
    if (row && row->history.failed_since > 0) --row->history.failed_since;
}

}  // namespace

void undo_verified_attempt(operation& now, tables& all, counted_attempt const& proved)
{
    auto kept = proved;
    kept.registration = 0;  // there is an account
    forget(now, all, kept);
    auto* row = proved.account ? now.account(*proved.account) : nullptr;
    if (row) row->counters.erase(failures_of(proved));
}

task<result<attempt_result>> attempts::begin(secret_attempt asked, throttle_rules rules)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    auto* row = asked.account ? now.account(*asked.account) : nullptr;
    auto const found = attempts_of(row, all_, asked, rules);
    attempt_result judged;
    judged.decision = decide(found, rules, asked.at);
    if (!judged.decision.allows()) {
        if (is_pending(all_, asked, found.is_known_network, judged.decision)) judged.decision = decision::not_yet();
        co_return judged;
    }
    auto& counted = judged.counted;
    counted.network = asked.network;
    counted.is_known_network = found.is_known_network;
    counted.at = asked.at;
    counted.last_before = found.failures.last_failed_at;
    if (row) {
        counted.account = asked.account;
        ++row->history.failed_since;
        row->counters[failures_of(counted)] = {found.failures.failures + 1, asked.at};
    }
    // What is out of the window decides nothing any more.
    std::erase_if(all_.failures, [since = in_seconds(asked.at) - rules.network_window](auto const& entry) {
        return entry.second.at <= since;
    });
    std::erase_if(all_.registrations, [since = in_seconds(asked.at) - registration_window](auto const& entry) {
        return entry.second.at <= since;
    });
    if (asked.max_registrations > 0) {
        counted.registration = ++all_.last_registration;
        all_.registrations[counted.registration] = {asked.network, base::site_of(asked.network), in_seconds(asked.at)};
    }
    counted.entry = ++all_.last_failure;
    all_.failures[counted.entry] = {asked.network,   in_seconds(asked.at), true,
                                    counted.account, failures_of(counted), counted.registration};
    co_return judged;
}

task<result<void>> attempts::fail(counted_attempt decided)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    auto const found = all_.failures.find(decided.entry);
    if (found != all_.failures.end()) found->second.is_pending = false;
    all_.registrations.erase(decided.registration);
    co_return result<void>{};
}

task<result<void>> attempts::rollback(std::vector<counted_attempt> undecided)
{
    operation now{all_};
    if (now.is_down()) co_return unexpected(errc::unavailable);
    for (auto const& one : undecided) {
        forget(now, all_, one);
        auto* row = one.account ? now.account(*one.account) : nullptr;
        if (!row) continue;
        auto const counter = row->counters.find(failures_of(one));
        if (counter == row->counters.end()) continue;
        if (counter->second.last_failed_at == one.at) counter->second.last_failed_at = one.last_before;
        if (--counter->second.failures == 0) row->counters.erase(counter);
    }
    co_return result<void>{};
}

}  // namespace porter::detail::store::memory
