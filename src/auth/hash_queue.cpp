#include "auth/hash_queue.hpp"

#include <utility>

namespace porter::rooms::auth {

bool hash_queue::push(std::unique_ptr<hash_job>& job)
{
    {
        std::lock_guard const lock{mutex_};
        if (closed_ || waiting_.size() >= limit_) return false;
        waiting_.push_back(std::move(job));
    }
    changed_.notify_one();
    return true;
}

std::unique_ptr<hash_job> hash_queue::pop()
{
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (closed_) return nullptr;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
}

std::deque<std::unique_ptr<hash_job>> hash_queue::close()
{
    std::deque<std::unique_ptr<hash_job>> rest;
    {
        std::lock_guard const lock{mutex_};
        closed_ = true;
        rest.swap(waiting_);
    }
    changed_.notify_all();
    return rest;
}

std::size_t hash_queue::size() const
{
    std::lock_guard const lock{mutex_};
    return waiting_.size();
}

}  // namespace porter::rooms::auth
