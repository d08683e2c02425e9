#include "programs/porter/coroutine_group.hpp"

#include <asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace porter::programs {

coroutine_group::coroutine_group(io_executor executor, timer& changed, std::function<void(exit_status)> fail)
    : executor_(executor), changed_(changed), fail_(std::move(fail))
{}

void coroutine_group::start(task<void> coroutine)
{
    ++running_;
    asio::co_spawn(executor_, std::move(coroutine), [this](std::exception_ptr const& defect) {
        --running_;
        if (defect) fail_(exit_status_for(defect));
        changed_.notify();
    });
}

task<void> coroutine_group::join()
{
    while (running_ > 0) co_await changed_.wait();
}

}  // namespace porter::programs
