#pragma once

#include <functional>

#include "porter/task.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/timer.hpp"

namespace porter::programs {

/// The coroutines of an object that run at once, on its thread.
class coroutine_group {
public:
    /// `changed` is notified when a coroutine has ended, after `fail` if an exception escaped it. Join before the group
    /// or `changed` is destroyed.
    coroutine_group(io_executor executor, timer& changed, std::function<void(exit_status)> fail);

    /// Starts a coroutine.
    void start(task<void> coroutine);

    /// Waits until all have ended.
    task<void> join();

private:
    io_executor executor_;
    timer& changed_;
    std::function<void(exit_status)> fail_;
    int running_ = 0;
};

}  // namespace porter::programs
