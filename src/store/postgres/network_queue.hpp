#pragma once

#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "base/suspended_task.hpp"
#include "porter/task.hpp"

namespace porter::detail::store::postgres {

/// Lets one task of each network work at a time, in order. Otherwise one network could occupy every connection with
/// requests that wait for its lock in the database. Safe from any thread.
class network_queue {
public:
    /// Ends the work of a task, and lets the next one begin.
    class slot {
    public:
        slot(network_queue& queue, std::string const& network) noexcept : queue_(queue), network_(network) {}
        ~slot() { queue_.end(network_); }
        slot(slot const&) = delete;
        slot& operator=(slot const&) = delete;

    private:
        network_queue& queue_;
        std::string const& network_;
    };

    /// Resumes when no other task of the network works. The caller makes a slot at once, which ends before `network`.
    /// A cancelled task waits, too. The io_contexts of the tasks outlive the queue.
    task<void> begin(std::string const& network);

private:
    using waiting = std::list<base::suspended_task<bool>>;  // the value means nothing
    using networks = std::map<std::string, waiting, std::less<>>;

    /// If the network is free, it is busy from now on; otherwise the one task of the list waits for it, if there is
    /// one.
    bool try_begin(networks::node_type& one, waiting& last);
    void end(std::string const& network) noexcept;

    std::mutex mutex_;
    networks busy_;  // with the tasks that wait, in order
};

}  // namespace porter::detail::store::postgres
