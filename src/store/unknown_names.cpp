#include "store/unknown_names.hpp"

#include <algorithm>

namespace porter::detail::store {

std::vector<unknown_names::pending_attempt>::iterator unknown_names::entry::find(attempt_id id)
{
    return std::ranges::find(pending, id, &pending_attempt::id);
}

unknown_names::begin_result unknown_names::begin(name_digest const& name, attempt_id id, throttle_rules const& rules,
                                                 base::instant at)
{
    std::lock_guard const lock{mutex_};
    auto const found = by_name_.find(name);
    begin_result result;
    if (found != by_name_.end()) {
        auto& known = *found->second;
        if (auto const same = known.find(id); same != known.pending.end()) {
            return {{known.failures.failures - 1, same->last_before}, false, known.pending.size() > 1};
        }
        result = {known.failures, false, !known.pending.empty()};
    }
    attempt_history history;
    history.failures = result.before;
    if (!decide(history, rules, at).allows()) return result;

    result.is_counted = true;
    pending_attempt const attempt{id, at, result.before.last_failed_at};
    failure_counter const after{result.before.failures + 1, at};
    if (found != by_name_.end()) {
        found->second->pending.push_back(attempt);
        found->second->failures = after;
        by_age_.splice(by_age_.begin(), by_age_, found->second);
        return result;
    }
    std::list<entry> added;
    added.push_back({name, after, {attempt}});
    by_name_.emplace(name, added.begin());
    by_age_.splice(by_age_.begin(), added);
    if (by_name_.size() > max_size_) {
        by_name_.erase(by_age_.back().name);
        by_age_.pop_back();
    }
    return result;
}

void unknown_names::fail(name_digest const& name, attempt_id id)
{
    std::lock_guard const lock{mutex_};
    auto const found = by_name_.find(name);
    if (found == by_name_.end()) return;
    auto& known = *found->second;
    // Not pending if the name was dropped and added again since.
    if (auto const failed = known.find(id); failed != known.pending.end()) known.pending.erase(failed);
    if (known.pending.empty()) known.pending.shrink_to_fit();  // most of the names have none
}

void unknown_names::rollback(name_digest const& name, attempt_id id)
{
    std::lock_guard const lock{mutex_};
    auto const found = by_name_.find(name);
    if (found == by_name_.end()) return;
    auto& known = *found->second;
    auto const undone = known.find(id);
    if (undone == known.pending.end()) return;
    auto& counter = known.failures;
    if (counter.last_failed_at == undone->at) counter.last_failed_at = undone->last_before;
    known.pending.erase(undone);
    if (--counter.failures > 0) return;
    by_age_.erase(found->second);
    by_name_.erase(found);
}

}  // namespace porter::detail::store
