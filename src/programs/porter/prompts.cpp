#include "programs/porter/prompts.hpp"

#include <fmt/format.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "programs/porter/timer.hpp"
#include "terminal/text.hpp"

namespace porter::programs {

namespace {

constexpr std::string_view quit_command = "/quit";

std::string_view trimmed(std::string_view line)
{
    line = line.substr(0, line.find_last_not_of(" \t") + 1);
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
    return line;
}

bool is_quit_command(std::string_view line)
{
    return trimmed(line) == quit_command;
}

}  // namespace

prompts::prompts(io_executor executor, console& console) : input_(executor, STDIN_FILENO), console_(console) {}

task<std::optional<std::string>> prompts::ask(std::string prompt)
{
    show_typing();
    std::string line;
    auto const answered = co_await read_answer(std::move(prompt), line);
    std::optional<std::string> answer;
    if (!answered) {
        console_.prompt("\n");
    } else if (is_quit_command(line)) {
        is_quit_ = true;
    } else {
        answer.emplace(trimmed(line));
    }
    wipe(line);  // it may be a code
    co_return answer;
}

task<std::optional<secret>> prompts::ask_hidden(std::string prompt)
{
    if (!hidden_) hidden_.emplace();  // before the prompt: the user may type as soon as it shows
    std::string line;
    auto const answered = co_await read_answer(std::move(prompt), line);
    console_.prompt("\n");
    std::optional<secret> answer;
    if (answered && is_quit_command(line)) {
        is_quit_ = true;
    } else if (answered) {
        answer.emplace(line);
    }
    wipe(line);
    co_return answer;
}

void prompts::show_typing()
{
    hidden_.reset();
}

void prompts::discard_hidden()
{
    if (hidden_) ::tcflush(STDIN_FILENO, TCIFLUSH);
    hidden_.reset();
}

task<std::optional<bool>> prompts::ask_yes_no(std::string prompt)
{
    for (;;) {
        auto answer = co_await ask(prompt);
        if (!answer) co_return std::nullopt;
        auto const lower = detail::terminal::lower(*answer);
        if (lower == "yes" || lower == "y") co_return true;
        if (lower == "no" || lower == "n") co_return false;
        console_.info("Please answer yes or no.");
    }
}

task<void> prompts::wait(std::chrono::seconds pause)
{
    if (!hidden_) hidden_.emplace();  // before the line, as in ask_hidden()
    console_.info(fmt::format("Waiting {} s (Ctrl-C quits).", pause.count()));
    auto const executor = co_await asio::this_coro::executor;
    timer wait{executor};
    co_await wait.wait_for(pause);
    discard_hidden();
}

void prompts::suspend()
{
    if (hidden_) hidden_->suspend();
}

void prompts::resume()
{
    if (hidden_) hidden_->resume();  // before the prompt, as in ask_hidden()
    if (!prompt_.empty()) console_.prompt(prompt_);
}

task<bool> prompts::read_answer(std::string prompt, std::string& line)
{
    prompt_ = std::move(prompt);
    console_.prompt(prompt_);
    auto const answered = co_await read_line(line);
    prompt_.clear();
    co_return answered;
}

/// The terminal returns whole lines, or the part of a line before Ctrl-D, which has no line feed.
task<bool> prompts::read_line(std::string& line)
{
    line.reserve(1024);  // a reallocation would leave copies of a password
    std::array<char, 1024> buffer;
    for (;;) {
        auto const error = co_await input_.wait_readable();
        if (error) co_return false;
        auto const count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) co_return false;
        line.append(buffer.data(), static_cast<std::size_t>(count));
        explicit_bzero(buffer.data(), buffer.size());
        if (line.back() == '\n') break;
    }
    line.pop_back();
    co_return true;
}

}  // namespace porter::programs
