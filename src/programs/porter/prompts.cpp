#include "programs/porter/prompts.hpp"

#include <fmt/format.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/asio.hpp"
#include "base/text.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;

constexpr std::string_view quit = "/quit";

std::string_view trimmed(std::string_view line)
{
    line = line.substr(0, line.find_last_not_of(" \t") + 1);
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
    return line;
}

bool is_quit(std::string_view line)
{
    return trimmed(line) == quit;
}

}  // namespace

prompts::prompts(io_executor executor, console& says) : keys_(executor, STDIN_FILENO), talk_(says) {}

task<std::optional<std::string>> prompts::ask(std::string prompt)
{
    show_typing();
    std::string line;
    auto const answered = co_await read_answer(std::move(prompt), line);
    if (answered) co_return std::string{trimmed(line)};
    talk_.prompt("\n");
    co_return std::nullopt;
}

task<std::optional<base::secret>> prompts::ask_hidden(std::string prompt)
{
    if (!hidden_) hidden_.emplace();  // before the prompt: who sees it may type
    std::string line;
    auto const answered = co_await read_answer(std::move(prompt), line);
    talk_.prompt("\n");
    std::optional<base::secret> answer;
    if (answered && is_quit(line)) {
        left_ = true;
    } else if (answered) {
        answer.emplace(line);
    }
    base::wipe(line);
    co_return answer;
}

void prompts::show_typing()
{
    hidden_.reset();
}

void prompts::drop_unseen()
{
    if (hidden_) ::tcflush(STDIN_FILENO, TCIFLUSH);
    hidden_.reset();
}

task<std::optional<bool>> prompts::ask_yes_no(std::string prompt)
{
    for (;;) {
        auto answer = co_await ask(prompt);
        if (!answer) co_return std::nullopt;
        if (is_quit(*answer)) left_ = true;
        if (left_) co_return std::nullopt;
        auto const said = base::lower(*answer);
        if (said == "yes" || said == "y") co_return true;
        if (said == "no" || said == "n") co_return false;
        talk_.info("Please answer yes or no.");
    }
}

task<void> prompts::wait(std::chrono::seconds pause)
{
    if (!hidden_) hidden_.emplace();  // before the line: who sees it may type
    talk_.info(fmt::format("Waiting {} s (Ctrl-C leaves).", pause.count()));
    auto const executor = co_await asio::this_coro::executor;
    base::steady_timer timer{executor, pause};
    co_await timer.async_wait(base::use_tuple);
    drop_unseen();
}

void prompts::suspend()
{
    if (hidden_) hidden_->suspend();
}

void prompts::resume()
{
    if (hidden_) hidden_->resume();  // before the prompt, as in ask_hidden()
    if (!prompt_.empty()) talk_.prompt(prompt_);
}

task<bool> prompts::read_answer(std::string prompt, std::string& line)
{
    prompt_ = std::move(prompt);
    talk_.prompt(prompt_);
    auto const answered = co_await read_line(line);
    prompt_.clear();
    co_return answered;
}

/// The terminal hands out whole lines; a piece without a line feed is one that Ctrl-D pushed out half-typed.
task<bool> prompts::read_line(std::string& line)
{
    line.reserve(1024);  // a password that made it grow would leave copies behind
    std::array<char, 1024> piece;
    for (;;) {
        auto const error = co_await keys_.to_read();
        if (error) co_return false;
        auto const got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) co_return false;
        line.append(piece.data(), static_cast<std::size_t>(got));
        explicit_bzero(piece.data(), piece.size());
        if (line.back() == '\n') break;
    }
    line.pop_back();
    co_return true;
}

}  // namespace porter::programs
