#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>

#include "bench/recorder.hpp"

namespace porter::detail::bench {

/// Where the load threads and the one that measures meet.
class start_barrier {
public:
    explicit start_barrier(unsigned threads) : threads_(threads) {}

    /// A load thread's connections are in: waits until all are, and gives the window.
    window arrive()
    {
        std::unique_lock lock{mutex_};
        ++arrived_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return opened_; });
        return window_;
    }

    void open(window when)
    {
        std::lock_guard const lock{mutex_};
        window_ = when;
        opened_ = true;
        changed_.notify_all();
    }

    void leave(std::exception_ptr failed)
    {
        std::lock_guard const lock{mutex_};
        if (failed && !failed_) failed_ = failed;
        if (failed) ++arrived_;  // nobody is to wait for it
        ++left_;
        changed_.notify_all();
    }

    /// Waits for some time, or until all are in. True: they are.
    bool wait_until_all_ready(moment::duration at_most)
    {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, at_most, [this] { return arrived_ >= threads_; });
    }

    /// The same for their end, which faults may bring early.
    bool wait_until_all_left(moment until)
    {
        std::unique_lock lock{mutex_};
        return changed_.wait_until(lock, until, [this] { return left_ == threads_; });
    }

    std::exception_ptr failed() const { return failed_; }

private:
    unsigned threads_;
    std::mutex mutex_;
    std::condition_variable changed_;
    unsigned arrived_ = 0;
    unsigned left_ = 0;
    bool opened_ = false;
    window window_;
    std::exception_ptr failed_;
};

}  // namespace porter::detail::bench
