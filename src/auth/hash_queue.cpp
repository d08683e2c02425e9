#include "auth/hash_queue.hpp"

#include <algorithm>
#include <utility>

namespace porter::rooms::auth {

std::unique_ptr<hash_job> hash_queue::push(std::unique_ptr<hash_job> job)
{
    std::unique_ptr<hash_job> surplus;
    {
        std::lock_guard const lock{mutex_};
        if (closed_) return job;
        add(std::move(job));
        if (++size_ > limit_) surplus = take_last_of_longest();
    }
    changed_.notify_one();
    return surplus;
}

std::unique_ptr<hash_job> hash_queue::pop()
{
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return closed_ || size_ > 0; });
    if (closed_) return nullptr;
    auto const first = next_line();
    turns_of_known_ = first->standing == standing::known ? turns_of_known_ + 1 : 0;
    auto turn = std::move(*first);
    lines_.erase(first);
    auto next = std::move(turn.jobs.front());
    turn.jobs.pop_front();
    if (!turn.jobs.empty()) lines_.push_back(std::move(turn));
    --size_;
    return next;
}

std::unique_ptr<hash_job> hash_queue::withdraw(hash_job::ticket number)
{
    std::lock_guard const lock{mutex_};
    for (auto each = lines_.begin(); each != lines_.end(); ++each) {
        auto const found = std::ranges::find_if(each->jobs, [&](auto const& job) { return job->number() == number; });
        if (found == each->jobs.end()) continue;
        auto taken = std::move(*found);
        each->jobs.erase(found);
        if (each->jobs.empty()) lines_.erase(each);
        --size_;
        return taken;
    }
    return nullptr;
}

std::vector<std::unique_ptr<hash_job>> hash_queue::close()
{
    std::vector<std::unique_ptr<hash_job>> rest;
    {
        std::lock_guard const lock{mutex_};
        closed_ = true;
        for (auto& each : lines_) std::ranges::move(each.jobs, std::back_inserter(rest));
        lines_.clear();
        size_ = 0;
    }
    changed_.notify_all();
    return rest;
}

std::size_t hash_queue::size() const
{
    std::lock_guard const lock{mutex_};
    return size_;
}

void hash_queue::add(std::unique_ptr<hash_job> job)
{
    auto const is_own = [&](line const& one) {
        return one.network == job->network() && one.standing == job->standing();
    };
    auto const found = std::ranges::find_if(lines_, is_own);
    if (found != lines_.end()) return found->jobs.push_back(std::move(job));
    line own{job->network(), job->standing(), {}};
    own.jobs.push_back(std::move(job));
    lines_.push_back(std::move(own));
}

/// The first line of those whose turn it is.
hash_queue::lines::iterator hash_queue::next_line()
{
    auto const turn = turns_of_known_ < turns_a_stranger_waits ? standing::known : standing::stranger;
    auto const found = std::ranges::find(lines_, turn, &line::standing);
    return found != lines_.end() ? found : lines_.begin();
}

/// Of lines of the same length the one whose turn is last.
std::unique_ptr<hash_job> hash_queue::take_last_of_longest()
{
    auto const weight = [](line const& one) { return std::pair{one.standing == standing::stranger, one.jobs.size()}; };
    auto longest = lines_.begin();
    for (auto each = lines_.begin(); each != lines_.end(); ++each) {
        if (weight(*each) >= weight(*longest)) longest = each;
    }
    auto taken = std::move(longest->jobs.back());
    longest->jobs.pop_back();
    if (longest->jobs.empty()) lines_.erase(longest);
    --size_;
    return taken;
}

}  // namespace porter::rooms::auth
