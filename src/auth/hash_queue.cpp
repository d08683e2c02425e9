#include "auth/hash_queue.hpp"

#include <iterator>
#include <utility>

namespace porter::detail::auth {

std::unique_ptr<hash_job> hash_queue::push(std::unique_ptr<hash_job>&& job)
{
    std::unique_ptr<hash_job> surplus;
    {
        std::lock_guard const lock{mutex_};
        if (closed_) return std::move(job);
        add(std::move(job));
        if (known_.size() + unknown_.size() > limit_) surplus = fullest_share().take_last_of_longest();
    }
    changed_.notify_one();
    return surplus;
}

std::unique_ptr<hash_job> hash_queue::pop()
{
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return closed_ || known_.size() + unknown_.size() > 0; });
    if (closed_) return nullptr;
    auto& from = next_share();
    known_in_a_row_ = &from == &known_ ? known_in_a_row_ + 1 : 0;
    return from.take_next();
}

std::unique_ptr<hash_job> hash_queue::withdraw(hash_job::ticket number)
{
    std::lock_guard const lock{mutex_};
    auto found = known_.take(number);
    if (!found) found = unknown_.take(number);
    return found;
}

hash_queue::jobs hash_queue::close()
{
    jobs rest;
    {
        std::lock_guard const lock{mutex_};
        closed_ = true;
        known_.move_all_to(rest);
        unknown_.move_all_to(rest);
    }
    changed_.notify_all();
    return rest;
}

std::size_t hash_queue::size() const
{
    std::lock_guard const lock{mutex_};
    return known_.size() + unknown_.size();
}

void hash_queue::add(std::unique_ptr<hash_job>&& job)
{
    bool const is_known = job->source() == source::known && known_.size_of(job->network()) < known_per_network();
    (is_known ? known_ : unknown_).add(std::move(job));
}

hash_queue::share& hash_queue::next_share()
{
    if (known_.size() == 0) return unknown_;
    if (unknown_.size() == 0) return known_;
    return known_in_a_row_ < known_per_unknown ? known_ : unknown_;
}

/// With one job above the limit, one of the two exceeds its reserve.
hash_queue::share& hash_queue::fullest_share()
{
    auto const reserved = limit_ / 2;
    return unknown_.size() > reserved ? unknown_ : known_;
}

std::size_t hash_queue::share::size_of(std::string const& network) const
{
    auto const own = std::ranges::find(networks_, network, &network_queue::network);
    return own == networks_.end() ? 0 : own->jobs.size();
}

void hash_queue::share::add(std::unique_ptr<hash_job>&& job)
{
    jobs added(1);  // first, because it may throw
    auto own = std::ranges::find(networks_, job->network(), &network_queue::network);
    if (own == networks_.end()) {
        networks_.push_back({job->network(), {}});
        own = std::prev(networks_.end());
    }
    added.front() = std::move(job);
    own->jobs.splice(own->jobs.end(), added);
    ++size_;
}

std::unique_ptr<hash_job> hash_queue::share::take_next()
{
    auto const first = networks_.begin();
    auto next = std::move(first->jobs.front());
    first->jobs.pop_front();
    if (first->jobs.empty()) {
        networks_.erase(first);
    } else {
        networks_.splice(networks_.end(), networks_, first);
    }
    --size_;
    return next;
}

std::unique_ptr<hash_job> hash_queue::share::take_last_of_longest()
{
    auto longest = networks_.begin();
    for (auto each = networks_.begin(); each != networks_.end(); ++each) {
        if (each->jobs.size() >= longest->jobs.size()) longest = each;
    }
    auto taken = std::move(longest->jobs.back());
    longest->jobs.pop_back();
    if (longest->jobs.empty()) networks_.erase(longest);
    --size_;
    return taken;
}

std::unique_ptr<hash_job> hash_queue::share::take(hash_job::ticket number)
{
    for (auto each = networks_.begin(); each != networks_.end(); ++each) {
        auto const found = std::ranges::find_if(each->jobs, [&](auto const& job) { return job->number() == number; });
        if (found == each->jobs.end()) continue;
        auto taken = std::move(*found);
        each->jobs.erase(found);
        if (each->jobs.empty()) networks_.erase(each);
        --size_;
        return taken;
    }
    return nullptr;
}

void hash_queue::share::move_all_to(jobs& rest) noexcept
{
    for (auto& each : networks_) rest.splice(rest.end(), each.jobs);
    networks_.clear();
    size_ = 0;
}

}  // namespace porter::detail::auth
