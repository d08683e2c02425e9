#include "services/command_io.hpp"

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <system_error>
#include <utility>

#include "services/output_lines.hpp"

namespace porter::detail::services {
namespace {

constexpr std::size_t read_size = 16 * 1024;
/// Bytes of a line of the log: a longer line of the standard error is cut.
constexpr std::size_t max_logged = 1024;

}  // namespace

command_io::command_io(connection& client, process_pool& pool, command_process process, io_executor executor)
    : client_(client),
      pool_(pool),
      process_(std::move(process)),
      exit_(executor, process_.exit.release()),
      input_(executor, process_.input.release()),
      connection_end_(executor, base::steady_timer::time_point::max()),
      output_{descriptor{executor, process_.output.release()}},
      errors_{descriptor{executor, process_.errors.release()}}
{}

command_io::~command_io()
{
    process_.exit = base::unique_fd{exit_.release()};
    process_.output = base::unique_fd{output_.stream.release()};
    process_.errors = base::unique_fd{errors_.stream.release()};
    pool_.end(std::move(process_));
}

task<void> command_io::write_input()
{
    base::error_code error;
    while (auto text = co_await client_.receive_text()) {
        if (error) continue;  // the command has closed its input; the connection goes on
        std::ranges::replace(*text, '\n', ' ');
        std::ranges::replace(*text, '\0', ' ');
        *text += '\n';
        co_await asio::async_write(input_, asio::buffer(*text), base::into(error));
    }
    base::error_code ignored;  // nothing is lost: the pipe has what was written
    input_.close(ignored);
    if (!client_.is_open()) co_return;
    co_await connection_end_.async_wait(base::into(error));
    if (client_.is_open()) throw std::system_error{error};  // cancelled: the command has ended
}

task<void> command_io::send_output()
{
    std::array<char, read_size> memory;
    output_lines lines{client_.max_body()};
    std::size_t size = 0;
    do {
        size = co_await read_some(output_, memory.data(), memory.size());
        lines.append({memory.data(), size});
        if (size == 0) lines.finish();
        while (auto const text = lines.next()) client_.queue(*text);
        auto const is_open = co_await client_.flush();
        if (!is_open) end_input();
    } while (size != 0);
}

/// The connection has ended, while write_input() may wait for the command to take its input, or for this end.
void command_io::end_input()
{
    base::error_code ignored;  // the write has ended by itself
    input_.close(ignored);
    connection_end_.cancel();
    throw std::system_error{asio::error::operation_aborted};
}

task<void> command_io::log_errors()
{
    std::array<char, max_logged> memory;
    output_lines lines{max_logged};
    std::size_t size = 0;
    do {
        size = co_await read_some(errors_, memory.data(), memory.size());
        lines.append({memory.data(), size});
        if (size == 0) lines.finish();
        while (auto const line = lines.next()) log_error_line(*line);
    } while (size != 0);
}

void command_io::log_error_line(std::string_view line) const
{
    client_.log().info("command_stderr", {log_field::quoted("text", line)});
}

/// Reads at least a byte; 0: the output has ended.
task<std::size_t> command_io::read_some(output_state& source, char* memory, std::size_t size)
{
    base::error_code error;
    if (!has_exited_) {
        auto const got = co_await source.stream.async_read_some(asio::buffer(memory, size), base::into(error));
        if (!error) co_return got;
        if (error != asio::error::operation_aborted) co_return 0;
        if (!has_exited_) throw std::system_error{error};
    }
    // What is left is in the pipe, so that this does not wait.
    auto const some = std::min(size, source.left);
    if (some == 0) co_return 0;
    auto const got = source.stream.read_some(asio::buffer(memory, some), error);
    source.left -= got;
    co_return error ? 0 : got;
}

task<void> command_io::watch_exit()
{
    co_await exit_.async_wait(descriptor::wait_read, use_task);
    has_exited_ = true;
    finish_output(output_);
    finish_output(errors_);
}

/// A process in the background may have the output open, and write to it for ever: what it writes from now on is not
/// waited for.
void command_io::finish_output(output_state& source)
{
    int written = 0;
    if (::ioctl(source.stream.native_handle(), FIONREAD, &written) == 0) {
        source.left = static_cast<std::size_t>(std::max(written, 0));
    }
    base::error_code ignored;  // the read has ended by itself
    source.stream.cancel(ignored);
}

void command_io::log_end() const
{
    if (!has_exited_) return;
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(process_.group), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (info.si_code != CLD_EXITED) {
        client_.log().warn("command_exited", {{"signal", info.si_status}});
    } else if (info.si_status != 0) {
        client_.log().warn("command_exited", {{"status", info.si_status}});
    } else {
        client_.log().debug("command_exited", {{"status", 0}});
    }
}

}  // namespace porter::detail::services
