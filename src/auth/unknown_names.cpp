#include "auth/unknown_names.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>

namespace porter::detail::auth {

unknown_names::unknown_names(store::throttle_rules const& rules, std::size_t max_size)
    : rules_(rules), max_size_(max_size)
{
    randombytes_buf(salt_.data(), salt_.size());
}

unknown_names::key unknown_names::key_of(std::string_view name) const
{
    key digest{};
    crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(),
                       reinterpret_cast<unsigned char const*>(name.data()), name.size(), salt_.data(), salt_.size());
    return digest;
}

unknown_names::begin_result unknown_names::begin(key const& name, base::instant at)
{
    std::lock_guard const lock{mutex_};
    auto found = by_name_.find(name);
    store::attempt_history known;
    bool const is_pending = found != by_name_.end() && found->second->pending > 0;
    if (found != by_name_.end()) known.failures = found->second->failures;
    if (!store::decide(known, rules_, at).allows()) return {known.failures, false, is_pending};

    if (found == by_name_.end()) {
        by_age_.push_front({name, {}, 0});
        found = by_name_.emplace(name, by_age_.begin()).first;
    } else {
        by_age_.splice(by_age_.begin(), by_age_, found->second);
    }
    found->second->failures = {known.failures.failures + 1, at};
    ++found->second->pending;
    if (by_name_.size() > max_size_) {
        by_name_.erase(by_age_.back().name);
        by_age_.pop_back();
    }
    return {known.failures, true, is_pending};
}

void unknown_names::fail(key const& name)
{
    std::lock_guard const lock{mutex_};
    auto const found = by_name_.find(name);
    // None are pending if the name was dropped and added again since.
    if (found != by_name_.end() && found->second->pending > 0) --found->second->pending;
}

void unknown_names::rollback(key const& name, base::instant at, base::instant last_before)
{
    std::lock_guard const lock{mutex_};
    auto const found = by_name_.find(name);
    if (found == by_name_.end()) return;
    auto& counter = found->second->failures;
    if (found->second->pending > 0) --found->second->pending;
    if (counter.last_failed_at == at) counter.last_failed_at = last_before;
    if (--counter.failures > 0) return;
    by_age_.erase(found->second);
    by_name_.erase(found);
}

}  // namespace porter::detail::auth
