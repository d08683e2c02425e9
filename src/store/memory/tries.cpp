#include "store/memory/tries.hpp"

#include <algorithm>
#include <functional>

#include "base/network.hpp"
#include "store/limits.hpp"

namespace porter::rooms::store::memory {

namespace {

base::timestamp in_seconds(base::instant when)
{
    return std::chrono::floor<std::chrono::seconds>(when);
}

std::string ladder_of(counted_try const& counted)
{
    return counted.is_known_network ? counted.network : std::string{};
}

std::optional<base::timestamp> registrations_full_since(tables const& all, secret_try const& asked,
                                                        std::string registration::*column, std::string const& value,
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

tries_so_far tries_of(account_row* row, tables const& all, secret_try const& asked, throttle_rules const& rules)
{
    tries_so_far found;
    if (row) {
        found.is_known_network = row->networks.contains(asked.network);
        auto const ladder = row->ladders.find(found.is_known_network ? asked.network : std::string{});
        if (ladder != row->ladders.end()) found.ladder = ladder->second;
    } else if (asked.instead) {
        found.ladder = *asked.instead;
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
bool is_undecided(tables const& all, secret_try const& asked, bool is_known_network, verdict const& refused)
{
    if (refused.by == verdict::rule::registrations_used_up) {
        return std::ranges::any_of(all.failures, [&](auto const& entry) {
            auto const& one = entry.second;
            return one.is_undecided && one.registration != 0 &&
                   base::site_of(one.network) == base::site_of(asked.network);
        });
    }
    bool const by_network = refused.by == verdict::rule::network_throttled;
    if (!by_network && !asked.account) return asked.instead_is_undecided;
    std::string const ladder = is_known_network ? asked.network : std::string{};
    return std::ranges::any_of(all.failures, [&](auto const& entry) {
        auto const& one = entry.second;
        if (!one.is_undecided) return false;
        return by_network ? one.network == asked.network : one.account == asked.account && one.ladder == ladder;
    });
}

/// Without this try; the account's own figures with it.
void forget(operation& now, tables& all, counted_try const& counted)
{
    all.failures.erase(counted.entry);
    all.registrations.erase(counted.registration);
    auto* row = counted.account ? now.account(*counted.account) : nullptr;
    if (row && row->history.failed_since > 0) --row->history.failed_since;
}

}  // namespace

void undo_proved_try(operation& now, tables& all, counted_try const& proved)
{
    auto kept = proved;
    kept.registration = 0;  // there is an account
    forget(now, all, kept);
    auto* row = proved.account ? now.account(*proved.account) : nullptr;
    if (row) row->ladders.erase(ladder_of(proved));
}

task<result<judged_try>> tries::begin(secret_try asked, throttle_rules rules)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    auto* row = asked.account ? now.account(*asked.account) : nullptr;
    auto const found = tries_of(row, all_, asked, rules);
    judged_try judged;
    judged.verdict = judge(found, rules, asked.at);
    if (!judged.verdict.allows()) {
        if (is_undecided(all_, asked, found.is_known_network, judged.verdict)) judged.verdict = verdict::not_yet();
        co_return judged;
    }
    auto& counted = judged.counted;
    counted.network = asked.network;
    counted.is_known_network = found.is_known_network;
    counted.at = asked.at;
    counted.last_before = found.ladder.last;
    if (row) {
        counted.account = asked.account;
        ++row->history.failed_since;
        row->ladders[ladder_of(counted)] = {found.ladder.failed + 1, asked.at};
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
                                    counted.account, ladder_of(counted),   counted.registration};
    co_return judged;
}

task<result<void>> tries::fail(counted_try decided)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    auto const found = all_.failures.find(decided.entry);
    if (found != all_.failures.end()) found->second.is_undecided = false;
    all_.registrations.erase(decided.registration);
    co_return result<void>{};
}

task<result<void>> tries::give_back(std::vector<counted_try> undecided)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    for (auto const& one : undecided) {
        forget(now, all_, one);
        auto* row = one.account ? now.account(*one.account) : nullptr;
        if (!row) continue;
        auto const ladder = row->ladders.find(ladder_of(one));
        if (ladder == row->ladders.end()) continue;
        if (ladder->second.last == one.at) ladder->second.last = one.last_before;
        if (--ladder->second.failed == 0) row->ladders.erase(ladder);
    }
    co_return result<void>{};
}

}  // namespace porter::rooms::store::memory
