#include "services/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace porter::detail::services {
namespace {

/// The arguments of posix_spawn() that say what the child's descriptors are.
class file_actions {
public:
    file_actions() { ::posix_spawn_file_actions_init(&actions_); }
    ~file_actions() { ::posix_spawn_file_actions_destroy(&actions_); }
    file_actions(file_actions const&) = delete;
    file_actions& operator=(file_actions const&) = delete;

    /// `source` -1: /dev/null. Returns 0 or the system's error code.
    int set(int target, int source, int flags)
    {
        if (source < 0) return ::posix_spawn_file_actions_addopen(&actions_, target, "/dev/null", flags, 0);
        return ::posix_spawn_file_actions_adddup2(&actions_, source, target);
    }

    int close_others() { return ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1); }

    posix_spawn_file_actions_t const* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

/// The arguments that say what is not inherited: porterd ignores some signals, and its threads block some.
class spawn_attributes {
public:
    spawn_attributes()
    {
        ::posix_spawnattr_init(&attributes_);
        sigset_t signals;
        ::sigfillset(&signals);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes_, &signals);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_,
                                   POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    }
    ~spawn_attributes() { ::posix_spawnattr_destroy(&attributes_); }
    spawn_attributes(spawn_attributes const&) = delete;
    spawn_attributes& operator=(spawn_attributes const&) = delete;

    posix_spawnattr_t const* get() const { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

/// The null-terminated array that exec takes. posix_spawn() does not change the strings.
std::vector<char*> pointers_to(std::vector<std::string> const& strings)
{
    std::vector<char*> pointers;
    for (auto const& each : strings) pointers.push_back(const_cast<char*>(each.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

system_result<pipe_ends> make_pipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return unexpected(errno);
    pipe_ends made;
    made.read = base::unique_fd{ends[0]};
    made.write = base::unique_fd{ends[1]};
    return made;
}

int set_nonblocking(int fd)
{
    auto const flags = ::fcntl(fd, F_GETFL);
    return ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : errno;
}

system_result<pid_t> spawn_shell(spawn_request const& request)
{
    file_actions files;
    for (int const error :
         {files.set(STDIN_FILENO, request.input, O_RDONLY), files.set(STDOUT_FILENO, request.output, O_WRONLY),
          files.set(STDERR_FILENO, request.errors, O_WRONLY), files.close_others()}) {
        if (error != 0) return unexpected(error);
    }
    spawn_attributes const attributes;
    auto const arguments = pointers_to(request.arguments);
    auto const environment = pointers_to(request.environment);
    pid_t child = -1;
    auto const error =
        ::posix_spawn(&child, "/bin/sh", files.get(), attributes.get(), arguments.data(), environment.data());
    if (error != 0) return unexpected(error);
    return child;
}

void wait_for_exit(pid_t child) noexcept
{
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace porter::detail::services
