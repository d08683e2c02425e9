#include "programs/porter/piping.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>

namespace porter::programs {

namespace {

using rooms::config::exit_code;

constexpr std::size_t piece = 64 * 1024;

}  // namespace

piping::piping(io_executor executor, client& door, reception& entrance, showing how, std::chrono::milliseconds linger)
    : executor_(executor),
      door_(door),
      reception_(entrance),
      how_(how),
      linger_(linger),
      input_(executor, STDIN_FILENO),
      output_(executor, STDOUT_FILENO),
      changed_(executor)
{}

task<leaving> piping::run()
{
    auto const finished = [this](std::exception_ptr const& defect) {
        --running_;
        if (defect) end(leaving_for(defect));
        changed_.cancel();
    };
    running_ = 2;
    asio::co_spawn(executor_, send_input(), finished);
    asio::co_spawn(executor_, print_received(), finished);
    while (!is_over()) {
        changed_.expires_at(input_ended_ ? last_change_ + linger_ : clock::time_point::max());
        co_await changed_.async_wait(rooms::base::use_tuple);
    }
    end(refused_.value_or(leaving{}));
    input_.cancel();
    output_.cancel();
    co_await reception_.close();
    changed_.expires_at(clock::time_point::max());
    while (running_ > 0) co_await changed_.async_wait(rooms::base::use_tuple);
    co_return *leaving_;
}

bool piping::is_over() const
{
    if (leaving_) return true;
    if (!input_ended_) return false;
    return received_ >= sent_ || clock::now() >= last_change_ + linger_;
}

void piping::end(leaving why)
{
    if (!leaving_) leaving_ = std::move(why);
    changed_.cancel();
}

task<void> piping::send_input()
{
    std::string pending;  // of the input, not yet sent: at its end the beginning of a line
    while (!leaving_ && !refused_) {
        std::error_code error;
        auto const more = co_await input_.read(pending, piece, error);
        if (error) end({exit_code::io, "cannot read the input: " + error.message()});
        if (!more) break;
        co_await send_lines(pending);
    }
    if (!pending.empty() && !leaving_ && !refused_) co_await send_line(std::move(pending));
    input_ended_ = true;
    last_change_ = clock::now();
    changed_.cancel();
}

/// Sends the whole lines and leaves the rest.
task<void> piping::send_lines(std::string& pending)
{
    std::size_t start = 0;
    while (!leaving_ && !refused_) {
        auto const end = pending.find('\n', start);
        if (end == std::string::npos) break;
        co_await send_line(pending.substr(start, end - start));
        start = end + 1;
    }
    pending.erase(0, start);
    if (!refused_ && pending.size() >= door_.server().max_frame) refuse_line("is longer than the server takes");
}

task<void> piping::send_line(std::string line)
{
    auto sent = co_await door_.send(std::move(line));
    if (sent) {
        ++sent_;
    } else if (sent.error().why == client_failure::cause::not_sent) {
        refuse_line("cannot be sent: " + sent.error().reason);
    }
}

/// The input ends here; what was sent before is answered and printed first.
void piping::refuse_line(std::string const& why)
{
    refused_ = leaving{exit_code::bad_data, fmt::format("line {} of the input {}", sent_ + 1, why)};
}

task<void> piping::print_received()
{
    while (!leaving_) {
        auto received = co_await door_.receive();
        if (!received) break;
        auto lines = line_for(*received, how_);
        std::uint64_t texts = received->is_text() ? 1 : 0;
        while (lines.size() < piece) {
            auto const* more = door_.next();
            if (more == nullptr) break;
            lines += line_for(*more, how_);
            if (more->is_text()) ++texts;
        }
        co_await print(std::move(lines));
        received_ += texts;
        last_change_ = clock::now();
        changed_.cancel();
    }
    if (door_.ended() != nullptr) end(leaving_at_end());
}

task<void> piping::print(std::string lines)
{
    std::error_code error;
    co_await output_.write(std::move(lines), error);
    if (error == std::errc::broken_pipe) {
        end({});  // nobody wants more
    } else if (error) {
        end({exit_code::io, "cannot write the output: " + error.message()});
    }
}

/// The server ended the connection. In order, and with all said: that is fine.
leaving piping::leaving_at_end() const
{
    auto why = leaving_for(*door_.ended());
    if (why.exit != exit_code::ok) return why;
    if (refused_) return *refused_;
    if (input_ended_) return {};
    return {exit_code::try_again, why.line};
}

}  // namespace porter::programs
