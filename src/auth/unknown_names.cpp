#include "auth/unknown_names.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>

namespace porter::rooms::auth {

unknown_names::unknown_names(store::throttle_rules const& rules, std::size_t most) : rules_(rules), most_(most)
{
    randombytes_buf(salt_.data(), salt_.size());
}

unknown_names::key unknown_names::key_of(std::string_view name) const
{
    key made{};
    crypto_generichash(reinterpret_cast<unsigned char*>(made.data()), made.size(),
                       reinterpret_cast<unsigned char const*>(name.data()), name.size(), salt_.data(), salt_.size());
    return made;
}

unknown_names::begun unknown_names::begin(key const& name, base::instant at)
{
    std::lock_guard const lock{mutex_};
    auto found = by_name_.find(name);
    store::tries_so_far known;
    bool const undecided = found != by_name_.end() && found->second->undecided > 0;
    if (found != by_name_.end()) known.ladder = found->second->ladder;
    if (!store::judge(known, rules_, at).allows()) return {known.ladder, false, undecided};

    if (found == by_name_.end()) {
        by_age_.push_front({name, {}, 0});
        found = by_name_.emplace(name, by_age_.begin()).first;
    } else {
        by_age_.splice(by_age_.begin(), by_age_, found->second);
    }
    found->second->ladder = {known.ladder.failed + 1, at};
    ++found->second->undecided;
    if (by_name_.size() > most_) {
        by_name_.erase(by_age_.back().name);
        by_age_.pop_back();
    }
    return {known.ladder, true, undecided};
}

void unknown_names::fail(key const& name)
{
    std::lock_guard const lock{mutex_};
    auto const found = by_name_.find(name);
    // None where it was forgotten meanwhile, and came back.
    if (found != by_name_.end() && found->second->undecided > 0) --found->second->undecided;
}

void unknown_names::give_back(key const& name, base::instant at, base::instant last_before)
{
    std::lock_guard const lock{mutex_};
    auto const found = by_name_.find(name);
    if (found == by_name_.end()) return;
    auto& ladder = found->second->ladder;
    if (found->second->undecided > 0) --found->second->undecided;
    if (ladder.last == at) ladder.last = last_before;
    if (--ladder.failed > 0) return;
    by_age_.erase(found->second);
    by_name_.erase(found);
}

}  // namespace porter::rooms::auth
