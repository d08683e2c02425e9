#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>

#include "bench/recorder.hpp"

namespace porter::detail::bench {

/// Synchronises the load threads with the thread that measures.
class start_barrier {
public:
    explicit start_barrier(unsigned threads) : threads_(threads) {}

    /// Called by a load thread when its connections are ready. Waits for open() and returns the window.
    window arrive()
    {
        std::unique_lock lock{mutex_};
        ++arrived_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return opened_; });
        return window_;
    }

    void open(bench::window window)
    {
        std::lock_guard const lock{mutex_};
        window_ = window;
        opened_ = true;
        changed_.notify_all();
    }

    void finish(std::exception_ptr error)
    {
        std::lock_guard const lock{mutex_};
        if (error && !error_) error_ = error;
        if (error) ++arrived_;  // the others must not wait for it
        ++finished_;
        changed_.notify_all();
    }

    /// Waits until all threads have arrived. False: timeout.
    bool wait_until_all_ready(moment::duration timeout)
    {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, timeout, [this] { return arrived_ >= threads_; });
    }

    /// Waits until all threads have finished, which faults may cause early. False: timeout.
    bool wait_until_all_finished(moment until)
    {
        std::unique_lock lock{mutex_};
        return changed_.wait_until(lock, until, [this] { return finished_ == threads_; });
    }

    std::exception_ptr error() const { return error_; }

private:
    unsigned threads_;
    std::mutex mutex_;
    std::condition_variable changed_;
    unsigned arrived_ = 0;
    unsigned finished_ = 0;
    bool opened_ = false;
    window window_;
    std::exception_ptr error_;
};

}  // namespace porter::detail::bench
