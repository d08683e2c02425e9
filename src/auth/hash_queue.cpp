#include "auth/hash_queue.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace porter::rooms::auth {

std::unique_ptr<hash_job> hash_queue::push(std::unique_ptr<hash_job> job, time_point now)
{
    std::unique_ptr<hash_job> surplus;
    {
        std::lock_guard const lock{mutex_};
        if (closed_) return job;
        auto& own = line_of(job->network());
        own.rank = static_cast<int>(std::bit_width(demand_.add(own.network, now)));
        own.jobs.push_back(std::move(job));
        if (++size_ > limit_) surplus = take_surplus();
    }
    changed_.notify_one();
    return surplus;
}

std::unique_ptr<hash_job> hash_queue::pop()
{
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return closed_ || size_ > 0; });
    if (closed_) return nullptr;
    auto const first = std::ranges::min_element(lines_, {}, &line::rank);
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

hash_queue::line& hash_queue::line_of(std::string const& network)
{
    auto const found = std::ranges::find(lines_, network, &line::network);
    if (found != lines_.end()) return *found;
    lines_.push_back({network, 0, {}});
    return lines_.back();
}

/// Of lines of the same rank and length the one whose turn is last.
std::unique_ptr<hash_job> hash_queue::take_surplus()
{
    auto const weight = [](line const& one) { return std::pair{one.rank, one.jobs.size()}; };
    auto heaviest = lines_.begin();
    for (auto each = lines_.begin(); each != lines_.end(); ++each) {
        if (weight(*each) >= weight(*heaviest)) heaviest = each;
    }
    auto taken = std::move(heaviest->jobs.back());
    heaviest->jobs.pop_back();
    if (heaviest->jobs.empty()) lines_.erase(heaviest);
    --size_;
    return taken;
}

}  // namespace porter::rooms::auth
