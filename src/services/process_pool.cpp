#include "services/process_pool.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <cerrno>
#include <csignal>
#include <exception>
#include <new>
#include <utility>

#include "base/awaitable_operators.hpp"
#include "base/thread.hpp"
#include "services/descriptor.hpp"

namespace porter::detail::services {
namespace {

using namespace base::awaitable_operators;

/// The shell reads a line before it runs the command. So the command does not begin before the guard knows its group:
/// if porterd is killed in between, the shell finds the end of its input and exits.
constexpr char const* wait_and_run = R"(IFS= read -r start && exec /bin/sh -c "$1")";
constexpr std::string_view start_line = "start\n";

/// How long the kernel may take to end a process after SIGKILL. One in an uninterruptible wait takes longer: then it is
/// left to init.
constexpr std::chrono::seconds kill_time{1};

/// Reads until every process that had the other end has closed it.
task<void> discard_output(descriptor& output)
{
    std::array<char, 4096> unread;
    base::error_code error;
    while (!error) co_await output.async_read_some(asio::buffer(unread), base::into(error));
}

task<void> wait_for_exit(descriptor& exit)
{
    base::error_code error;
    co_await exit.async_wait(descriptor::wait_read, base::into(error));
}

/// Waits until the leader has exited, and no other process of the group seems to be left: none has the pipes open.
task<void> wait_for_group(descriptor& exit, descriptor& output, descriptor& errors)
{
    auto all = wait_for_exit(exit) && discard_output(output) && discard_output(errors);
    co_await std::move(all);
}

}  // namespace

process_pool::process_pool(std::size_t limit, std::chrono::milliseconds grace)
    : limit_(limit), grace_(grace), work_(io_.get_executor())
{
    thread_ = std::thread{[this] {
        base::set_thread_name("service-exec");
        io_.run();
    }};
}

process_pool::~process_pool()
{
    work_.reset();
    thread_.join();
}

process_slot process_pool::take_slot() noexcept
{
    if (++taken_ <= limit_) return process_slot{taken_};
    --taken_;
    return {};
}

system_result<command_process> process_pool::start(process_slot slot, std::string const& command,
                                                   std::vector<std::string> environment)
{
    auto input = make_pipe();
    if (!input) return unexpected(input.error());
    auto output = make_pipe();
    if (!output) return unexpected(output.error());
    auto errors = make_pipe();
    if (!errors) return unexpected(errors.error());

    spawn_request request;
    request.arguments = {"sh", "-c", wait_and_run, "sh", command};
    request.environment = std::move(environment);
    request.input = input->read.get();
    request.output = output->write.get();
    request.errors = errors->write.get();
    auto const started = spawn_shell(request);
    if (!started) return unexpected(started.error());

    command_process process;
    process.group = *started;
    // The declaration of pidfd_open() in glibc 2.36 is not for C++.
    process.exit = base::unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, *started, 0))};
    auto error = process.exit ? guard_.add(*started) : errno;
    auto const written = error == 0 ? ::write(input->write.get(), start_line.data(), start_line.size()) : 0;
    if (error == 0 && written < 0) error = errno;  // the shell was killed
    if (error != 0) {
        kill_and_reap(*started);
        return unexpected(error);
    }
    process.slot = std::move(slot);
    process.input = std::move(input->write);
    process.output = std::move(output->read);
    process.errors = std::move(errors->read);
    return process;
}

void process_pool::end(command_process process) noexcept
{
    auto const group = process.group;
    try {
        auto const on_end = [this, group](std::exception_ptr escaped) {
            if (escaped) kill_and_reap(group);
        };
        asio::co_spawn(io_, run_end(std::move(process)), on_end);
    } catch (std::bad_alloc const&) {
        kill_and_reap(group);
    }
}

task<void> process_pool::run_end(command_process process)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const group = process.group;
    process.input = base::unique_fd{};
    descriptor output{executor, process.output.release()};
    descriptor errors{executor, process.errors.release()};
    descriptor exit{executor, process.exit.release()};
    for (int const signal : {SIGHUP, SIGTERM, SIGCONT}) ::kill(-group, signal);

    base::steady_timer timer{executor, grace_};
    auto ended_or_late = wait_for_group(exit, output, errors) || timer.async_wait(use_task);
    co_await std::move(ended_or_late);
    ::kill(-group, SIGKILL);
    timer.expires_after(kill_time);
    auto exited_or_stuck = wait_for_exit(exit) || timer.async_wait(use_task);
    co_await std::move(exited_or_stuck);

    guard_.remove(group);
    ::waitpid(group, nullptr, WNOHANG);
}

/// Without memory, or for a process that has not begun its command.
void process_pool::kill_and_reap(pid_t group) noexcept
{
    ::kill(-group, SIGKILL);
    guard_.remove(group);
    services::wait_for_exit(group);
}

}  // namespace porter::detail::services
