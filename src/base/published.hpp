#pragma once

#include <atomic>
#include <forward_list>
#include <mutex>
#include <utility>

namespace porter::detail::base {

/// A value that any thread reads without a lock, and that is replaced while they do: options, which change rarely. A
/// replaced value is kept until the destruction of this, because a reader may still refer to it.
template <typename T>
class published {
public:
    explicit published(T first) { publish(std::move(first)); }
    published(published const&) = delete;
    published& operator=(published const&) = delete;

    ///@{
    /// The current value. The reference stays valid as long as this.
    T const& operator*() const noexcept { return *current_.load(std::memory_order_acquire); }
    T const* operator->() const noexcept { return &**this; }
    ///@}

    /// Replaces the value. From any thread.
    void publish(T next)
    {
        std::lock_guard const lock{mutex_};
        values_.push_front(std::move(next));
        current_.store(&values_.front(), std::memory_order_release);
    }

private:
    std::mutex mutex_;
    std::forward_list<T> values_;  // the newest first
    std::atomic<T const*> current_ = nullptr;
};

}  // namespace porter::detail::base
