#include "services/process_guard.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "services/spawn.hpp"

namespace porter::detail::services {
namespace {

/// SIGTERM and SIGHUP come to all processes of a service when it is stopped: the script ends only with its input.
constexpr char const* script = R"(cd /
trap '' HUP INT QUIT TERM
groups=' '
while read -r change group; do
    case $change in
    +) groups="$groups$group " ;;
    -) groups="${groups%%" $group "*} ${groups#*" $group "}" ;;
    esac
done
for group in $groups; do
    kill -s KILL -- "-$group"
done)";

}  // namespace

process_guard::process_guard()
{
    if (auto const error = start(); error != 0) throw std::system_error{error, std::system_category(), "/bin/sh"};
}

process_guard::~process_guard()
{
    if (groups_.empty() && script_ > 0) ::kill(script_, SIGKILL);
    stop();
}

int process_guard::start()
{
    auto made = make_pipe();
    if (!made) return made.error();
    if (auto const error = set_nonblocking(made->write.get()); error != 0) return error;
    auto const input = made->read.get();
    spawn_request request;
    request.arguments = {"sh", "-c", script, "porterd-guard"};
    request.environment = {"PATH=/usr/bin:/bin"};
    request.input = input;
    auto const started = spawn_shell(request);
    if (!started) return started.error();
    script_ = *started;
    pipe_ = std::move(made->write);
    return 0;
}

void process_guard::stop() noexcept
{
    pipe_ = base::unique_fd{};
    if (script_ > 0) wait_for_exit(script_);
    script_ = -1;
}

int process_guard::add(pid_t group)
{
    std::lock_guard const lock{mutex_};
    int error = ENOMEM;
    try {
        groups_.insert(group);
        error = tell('+', group) == 0 ? 0 : restart();
    } catch (std::bad_alloc const&) {  // the caller has a process that it must end
    }
    if (error != 0) groups_.erase(group);
    return error;
}

void process_guard::remove(pid_t group) noexcept
{
    std::lock_guard const lock{mutex_};
    groups_.erase(group);
    // After an error the script is gone, or killed: it must not act on an old list.
    if (tell('-', group) != 0 && script_ > 0) ::kill(script_, SIGKILL);
}

int process_guard::tell(char change, pid_t group) noexcept
{
    char line[32];
    auto const length = std::snprintf(line, sizeof line, "%c %d\n", change, static_cast<int>(group));
    auto const written = ::write(pipe_.get(), line, static_cast<std::size_t>(length));  // a pipe takes all or nothing
    return written == length ? 0 : EPIPE;
}

int process_guard::restart()
{
    if (script_ > 0) ::kill(script_, SIGKILL);  // it may only be stopped
    stop();
    if (auto const error = start(); error != 0) return error;
    for (auto const group : groups_) {
        if (auto const error = tell('+', group); error != 0) return error;
    }
    return 0;
}

}  // namespace porter::detail::services
