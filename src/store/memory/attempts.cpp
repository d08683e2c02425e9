#include "store/memory/attempts.hpp"

#include <algorithm>
#include <functional>

#include "base/network.hpp"
#include "store/limits.hpp"

namespace porter::detail::store::memory {

namespace {

base::timestamp in_seconds(base::instant time)
{
    return std::chrono::floor<std::chrono::seconds>(time);
}

std::string counter_of(counted_attempt const& counted)
{
    return counted.is_known_network ? counted.network : std::string{};
}

std::optional<base::timestamp> registrations_full_since(tables const& data, secret_attempt const& attempt,
                                                        std::string registration::* column, std::string const& value,
                                                        std::uint64_t most)
{
    std::vector<base::timestamp> times;
    for (auto const& [id, one] : data.registrations) {
        if (one.*column == value && one.at < in_seconds(attempt.at) + registration_window) times.push_back(one.at);
    }
    std::ranges::sort(times, std::greater{});
    if (times.size() < most) return std::nullopt;
    return times[most - 1];
}

std::optional<base::timestamp> later(std::optional<base::timestamp> a, std::optional<base::timestamp> b)
{
    return std::max(a, b);  // none is less than any
}

attempt_history history_of(account_row* row, tables const& data, secret_attempt const& attempt,
                           unknown_names::begin_result const& name, throttle_rules const& rules)
{
    attempt_history history;
    if (row) {
        history.is_known_network = row->networks.contains(attempt.network);
        auto const counter = row->counters.find(history.is_known_network ? attempt.network : std::string{});
        if (counter != row->counters.end()) history.failures = counter->second;
    } else if (attempt.unknown_name) {
        history.failures = name.before;
    }
    std::vector<base::timestamp> times;
    for (auto const& [id, entry] : data.failures) {
        bool const counts =
            entry.counted.network == attempt.network && entry.at < in_seconds(attempt.at) + rules.network_window;
        if (counts) times.push_back(entry.at);
    }
    std::ranges::sort(times, std::greater{});
    if (times.size() >= rules.failures_per_network) history.network_full_since = times[rules.failures_per_network - 1];
    if (attempt.max_registrations > 0) {
        history.registrations_full_since = later(
            registrations_full_since(data, attempt, &registration::network, attempt.network, attempt.max_registrations),
            registrations_full_since(data, attempt, &registration::site, base::site_of(attempt.network),
                                     std::uint64_t{networks_per_site} * attempt.max_registrations));
    }
    return history;
}

/// Whether pending attempts are among those that deny this one.
bool is_pending(tables const& data, secret_attempt const& attempt, unknown_names::begin_result const& name,
                bool is_known_network, decision const& denial)
{
    if (denial.by == decision::rule::registrations_used_up) {
        return std::ranges::any_of(data.failures, [&](auto const& entry) {
            auto const& one = entry.second;
            return one.is_pending && one.counted.registration != 0 &&
                   base::site_of(one.counted.network) == base::site_of(attempt.network);
        });
    }
    bool const by_network = denial.by == decision::rule::network_throttled;
    if (!by_network && !attempt.account) return name.is_pending;
    std::string const counter = is_known_network ? attempt.network : std::string{};
    return std::ranges::any_of(data.failures, [&](auto const& entry) {
        auto const& one = entry.second.counted;
        if (!entry.second.is_pending) return false;
        if (by_network) return one.network == attempt.network;
        return one.account == attempt.account && counter_of(one) == counter;
    });
}

/// The attempt, if it is pending; otherwise null.
network_failure* find_pending(tables& data, attempt_id id)
{
    auto const found = data.failures.find(id);
    return found != data.failures.end() && found->second.is_pending ? &found->second : nullptr;
}

/// Removes an attempt from all but its failure counter.
void forget(operation& op, tables& data, counted_attempt const& attempt)
{
    if (find_pending(data, attempt.id) != nullptr) data.failures.erase(attempt.id);
    data.registrations.erase(attempt.registration);
    auto* row = attempt.account ? op.account(*attempt.account) : nullptr;
    if (row && row->history.failed_since > 0) --row->history.failed_since;
}

}  // namespace

void undo_verified_attempt(operation& op, tables& data, counted_attempt const& attempt)
{
    auto undone = attempt;
    undone.registration = 0;  // an account that was made stays counted
    forget(op, data, undone);
    auto* row = attempt.account ? op.account(*attempt.account) : nullptr;
    if (row) row->counters.erase(counter_of(attempt));
}

task<result<attempt_result>> attempts::begin(secret_attempt attempt, throttle_rules rules)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    attempt_result result;
    if (auto const* const begun = find_pending(data_, attempt.id)) {
        result.counted = begun->counted;
        co_return result;
    }
    auto* row = attempt.account ? op.account(*attempt.account) : nullptr;
    unknown_names::begin_result name;
    if (attempt.unknown_name) name = data_.unknown_names.begin(*attempt.unknown_name, attempt.id, rules, attempt.at);
    auto const history = history_of(row, data_, attempt, name, rules);
    result.decision = decide(history, rules, attempt.at);
    if (!result.decision.allows()) {
        if (name.is_counted) data_.unknown_names.rollback(*attempt.unknown_name, attempt.id);
        if (is_pending(data_, attempt, name, history.is_known_network, result.decision))
            result.decision = decision::not_yet();
        co_return result;
    }
    auto& counted = result.counted;
    counted.id = attempt.id;
    counted.unknown_name = attempt.unknown_name;
    counted.network = attempt.network;
    counted.is_known_network = history.is_known_network;
    counted.at = attempt.at;
    counted.last_before = history.failures.last_failed_at;
    if (row) {
        counted.account = attempt.account;
        ++row->history.failed_since;
        row->counters[counter_of(counted)] = {history.failures.failures + 1, attempt.at};
    }
    // What is out of the window does not count any more.
    std::erase_if(data_.failures, [since = in_seconds(attempt.at) - rules.network_window](auto const& entry) {
        return entry.second.at <= since;
    });
    std::erase_if(data_.registrations, [since = in_seconds(attempt.at) - registration_window](auto const& entry) {
        return entry.second.at <= since;
    });
    if (attempt.max_registrations > 0) {
        counted.registration = ++data_.last_registration;
        data_.registrations[counted.registration] = {attempt.network, base::site_of(attempt.network),
                                                     in_seconds(attempt.at)};
    }
    data_.failures[counted.id] = {in_seconds(attempt.at), counted, true};
    co_return result;
}

task<result<void>> attempts::fail(counted_attempt attempt)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto* const failed = find_pending(data_, attempt.id);
    if (failed == nullptr) co_return result<void>{};
    failed->is_pending = false;
    if (failed->counted.unknown_name) data_.unknown_names.fail(*failed->counted.unknown_name, attempt.id);
    data_.registrations.erase(failed->counted.registration);
    co_return result<void>{};
}

task<result<void>> attempts::rollback(std::vector<counted_attempt> pending)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    for (auto const& each : pending) {
        auto const* const found = find_pending(data_, each.id);
        if (found == nullptr) continue;
        auto const one = found->counted;
        forget(op, data_, one);
        if (one.unknown_name) data_.unknown_names.rollback(*one.unknown_name, one.id);
        auto* row = one.account ? op.account(*one.account) : nullptr;
        if (!row) continue;
        auto const counter = row->counters.find(counter_of(one));
        if (counter == row->counters.end()) continue;
        if (counter->second.last_failed_at == one.at) counter->second.last_failed_at = one.last_before;
        if (--counter->second.failures == 0) row->counters.erase(counter);
    }
    co_return result<void>{};
}

}  // namespace porter::detail::store::memory
