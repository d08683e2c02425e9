#include "programs/porter/pipe_session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

namespace porter::programs {

namespace {

using detail::config::exit_code;

constexpr std::size_t chunk_size = 64 * 1024;

}  // namespace

pipe_session::pipe_session(io_executor executor, client& client, login_flow& login, output_format format,
                           std::chrono::milliseconds linger)
    : client_(client),
      login_(login),
      format_(format),
      linger_(linger),
      input_(executor, STDIN_FILENO),
      output_(executor, STDOUT_FILENO),
      changed_(executor),
      directions_(executor, changed_, [this](exit_status status) { end(std::move(status)); })
{}

task<exit_status> pipe_session::run()
{
    directions_.start(send_input());
    directions_.start(print_received());
    while (!is_over()) co_await changed_.wait_until(end_of_linger());
    end(rejected_.value_or(exit_status{}));
    input_.cancel();
    output_.cancel();
    co_await login_.close();
    co_await directions_.join();
    co_return *exit_;
}

bool pipe_session::is_over() const
{
    if (exit_) return true;
    if (!input_ended_) return false;
    return received_ >= sent_ || clock::now() >= end_of_linger();
}

pipe_session::clock::time_point pipe_session::end_of_linger() const
{
    return input_ended_ && !printing_ ? last_change_ + linger_ : clock::time_point::max();
}

void pipe_session::end(exit_status status)
{
    if (!exit_) exit_ = std::move(status);
    changed_.notify();
}

task<void> pipe_session::send_input()
{
    std::string pending;  // input that is not sent yet; it ends with an incomplete line
    while (!exit_ && !rejected_) {
        std::error_code error;
        auto const more = co_await input_.read(pending, chunk_size, error);
        if (error) end({exit_code::io, fmt::format("cannot read the input: {}", error.message())});
        if (!more) break;
        co_await send_lines(pending);
    }
    if (!pending.empty() && !exit_ && !rejected_) queue_line(pending);
    input_ended_ = true;
    last_change_ = clock::now();
    changed_.notify();
}

/// Sends the complete lines and keeps the rest.
task<void> pipe_session::send_lines(std::string& pending)
{
    std::size_t start = 0;
    while (!exit_ && !rejected_) {
        auto const end = pending.find('\n', start);
        if (end == std::string::npos) break;
        queue_line(std::string_view{pending}.substr(start, end - start));
        start = end + 1;
    }
    pending.erase(0, start);
    co_await flush();
    if (!rejected_ && pending.size() >= client_.server().max_frame) reject_line("is longer than the server takes");
}

void pipe_session::queue_line(std::string_view line)
{
    auto const queued = client_.queue(line);
    if (queued) {
        ++sent_;
    } else if (queued.error().cause == client_errc::not_sent) {
        reject_line(fmt::format("cannot be sent: {}", queued.error().reason));
    }
}

/// The end of the connection is noticed by print_received().
task<void> pipe_session::flush()
{
    auto const ignored = co_await client_.flush();
    static_cast<void>(ignored);
}

/// Ends the input. Replies to the lines before are printed first.
void pipe_session::reject_line(std::string const& reason)
{
    rejected_ = exit_status{exit_code::bad_data, fmt::format("line {} of the input {}", sent_ + 1, reason)};
}

task<void> pipe_session::print_received()
{
    while (!exit_) {
        auto received = co_await client_.receive();
        if (!received) break;
        auto lines = format_message(*received, format_);
        std::uint64_t texts = received->is_text() ? 1 : 0;
        while (lines.size() < chunk_size) {
            auto const* more = client_.next();
            if (more == nullptr) break;
            lines += format_message(*more, format_);
            if (more->is_text()) ++texts;
        }
        printing_ = true;
        co_await print(std::move(lines));
        printing_ = false;
        received_ += texts;
        last_change_ = clock::now();
        changed_.notify();
    }
    if (client_.ended() != nullptr) end(exit_status_at_end());
}

task<void> pipe_session::print(std::string lines)
{
    std::error_code error;
    co_await output_.write(std::move(lines), error);
    if (error == std::errc::broken_pipe) {
        end({});  // the reader has closed the pipe
    } else if (error) {
        end({exit_code::io, fmt::format("cannot write the output: {}", error.message())});
    }
}

/// After the end of the connection: success if it was normal and all input was sent. A lost connection may be made
/// again by the caller.
exit_status pipe_session::exit_status_at_end() const
{
    auto const& error = *client_.ended();
    auto status = exit_status_for(error);
    if (status.code == exit_code::unreachable) status.code = exit_code::temporary_failure;
    if (status.code != exit_code::ok) {
        auto const unanswered = unanswered_text();
        status.message += unanswered;
        if (!status.sentence.empty()) status.sentence += unanswered;
        return status;
    }
    if (rejected_) return *rejected_;
    if (input_ended_) return {};
    return {exit_code::temporary_failure, status.message + unanswered_text()};
}

/// The lines without an answer, if each received text answers one line: a service need not answer each.
std::string pipe_session::unanswered_text() const
{
    if (sent_ <= received_) return {};
    auto const count = sent_ - received_;
    return fmt::format("; {} {} had no answer ({} sent, {} texts received)", count, count == 1 ? "line" : "lines",
                       sent_, received_);
}

}  // namespace porter::programs
