#pragma once

#include <sys/types.h>

#include <mutex>
#include <set>
#include <string_view>

#include "base/file.hpp"

namespace porter::detail::services {

/// Kills process groups when this process ends without having ended them, even by SIGKILL: a small shell script reads
/// from a pipe which groups there are, and kills what is left of them when the pipe ends. If the script itself was
/// killed, the next call starts another one.
///
/// Threads: any. It never waits for the script, except in the destructor.
class process_guard {
public:
    /// Starts the script. Throws std::system_error.
    process_guard();
    ~process_guard();
    process_guard(process_guard const&) = delete;
    process_guard& operator=(process_guard const&) = delete;

    /// From now on the group is watched. Returns 0 or the system's error code: it is not watched.
    int add(pid_t group);

    /// The group is not watched any longer. Call it before the leader is reaped, whose number may then be reused.
    void remove(pid_t group) noexcept;

private:
    int start();
    void stop() noexcept;
    int tell(char change, pid_t group) noexcept;
    int restart();

    std::mutex mutex_;  // of all that follows
    base::unique_fd pipe_;
    pid_t script_ = -1;
    std::set<pid_t> groups_;
};

}  // namespace porter::detail::services
