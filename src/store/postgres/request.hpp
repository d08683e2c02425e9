#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "base/suspended_task.hpp"
#include "store/postgres/outcome.hpp"
#include "store/postgres/segment.hpp"

namespace porter::detail::store::postgres {

/// A statement that one connection has prepared, or has sent to be prepared.
struct prepared_statement {
    std::string name;
    bool is_sent = false;
};

/// A segment on its way to the server and back, and the task that waits for the reply.
class request {
public:
    using time = std::chrono::steady_clock::time_point;

    /// `executor`: the task's own. `deadline`: when it is unavailable if no connection has taken it.
    request(segment work, io_executor const& executor, time deadline)
        : work_(std::move(work)), deadline_(deadline), task_(executor)
    {}

    /// In the initiation of the task's operation.
    void suspend(base::resume_handler<reply> handler) noexcept { task_.suspend(std::move(handler)); }
    /// Passes the reply to the task, on the task's own thread. Once, as the last call.
    void resume() noexcept { task_.resume(std::move(answer)); }

    segment const& work() const noexcept { return work_; }
    time deadline() const noexcept { return deadline_; }

    reply answer;

    // Used by the connection that has sent it.
    std::vector<prepared_statement*> unconfirmed;  ///< statements that this request prepares, in order
    std::size_t confirmed = 0;                     ///< of these
    bool is_in_doubt = false;                      ///< the server did not wait for the standby

    int attempts = 0;  ///< how often a connection has sent it

private:
    segment work_;
    time deadline_;
    base::suspended_task<reply> task_;
};

/// Requests move between lists without an allocation, which could fail on a thread that cannot handle that.
using request_list = std::list<request>;

}  // namespace porter::detail::store::postgres
