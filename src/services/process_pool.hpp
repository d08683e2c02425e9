#pragma once

#include <sys/types.h>

#include <asio/io_context.hpp>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/asio.hpp"
#include "base/file.hpp"
#include "services/process_guard.hpp"
#include "services/spawn.hpp"

namespace porter::detail::services {

/// The right to run one process of a process_pool. An empty one is what take_slot() returns when there is none.
class [[nodiscard]] process_slot {
public:
    process_slot() = default;
    explicit process_slot(std::atomic<std::size_t>& taken) noexcept : taken_(&taken) {}
    process_slot(process_slot&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
    process_slot& operator=(process_slot&& other) noexcept
    {
        std::swap(taken_, other.taken_);
        return *this;
    }
    ~process_slot()
    {
        if (taken_ != nullptr) --*taken_;
    }

    explicit operator bool() const noexcept { return taken_ != nullptr; }

private:
    std::atomic<std::size_t>* taken_ = nullptr;
};

/// A running command, the leader of its process group, which is given back by process_pool::end().
struct command_process {
    process_slot slot;
    pid_t group = -1;        ///< the number of the leader, which is not reaped before end()
    base::unique_fd exit;    ///< a pidfd: readable once the leader has exited
    base::unique_fd input;   ///< the write end of its standard input
    base::unique_fd output;  ///< the read end of its standard output
    base::unique_fd errors;  ///< the read end of its standard error
};

/// Runs commands by /bin/sh, a limited number at the same time, and ends them on a thread of its own: SIGHUP and
/// SIGTERM to the process group, SIGKILL when the grace is over, then the leader is reaped. When this process is
/// killed, a process_guard kills them.
///
/// Threads: any. The destructor waits until all processes have ended; each must have been given to end() before.
class process_pool {
public:
    /// The time between SIGTERM and SIGKILL.
    static constexpr std::chrono::milliseconds default_grace = std::chrono::seconds{2};

    /// Of this process, for each command until it has ended: three pipes and a pidfd.
    static constexpr std::size_t descriptors_of_process = 4;

    /// Throws std::system_error.
    explicit process_pool(std::size_t limit, std::chrono::milliseconds grace = default_grace);
    ~process_pool();
    process_pool(process_pool const&) = delete;
    process_pool& operator=(process_pool const&) = delete;

    /// An empty slot: `limit` processes run.
    process_slot take_slot() noexcept;

    /// Starts a command with an environment of NAME=VALUE. Blocks until the shell has been loaded.
    system_result<command_process> start(process_slot slot, std::string const& command,
                                         std::vector<std::string> environment);

    /// Ends the process and what it has started in its group. Does not wait for it.
    void end(command_process process) noexcept;

    /// The number of processes that have been started and not been reaped.
    std::size_t size() const noexcept { return taken_; }

private:
    task<void> run_end(command_process process);
    void kill_and_reap(pid_t group) noexcept;

    std::size_t const limit_;
    std::chrono::milliseconds const grace_;
    std::atomic<std::size_t> taken_ = 0;
    process_guard guard_;
    asio::io_context io_{1};
    std::optional<asio::executor_work_guard<io_executor>> work_;
    std::thread thread_;
};

}  // namespace porter::detail::services
