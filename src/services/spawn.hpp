#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/file.hpp"
#include "porter/result.hpp"

namespace porter::detail::services {

/// A system's error code, as errno.
template <typename T>
using system_result = result<T, int>;

struct pipe_ends {
    base::unique_fd read;
    base::unique_fd write;
};

/// A pipe whose ends are closed on exec.
system_result<pipe_ends> make_pipe();

/// Returns 0 or the system's error code.
int set_nonblocking(int fd);

/// How a shell is started. -1: /dev/null.
struct spawn_request {
    std::vector<std::string> arguments;    ///< with the name of the program
    std::vector<std::string> environment;  ///< NAME=VALUE
    int input = -1;
    int output = -1;
    int errors = -1;
};

/// Starts /bin/sh as the leader of a process group of its own, with all signals at their defaults and no descriptor but
/// the three. Blocks the calling thread until the shell has been loaded, about a millisecond.
system_result<pid_t> spawn_shell(spawn_request const& request);

/// Waits for the exit of a child that is about to end, and reaps it.
void wait_for_exit(pid_t child) noexcept;

}  // namespace porter::detail::services
