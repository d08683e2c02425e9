#include "terminal/prompts.hpp"

#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/text.hpp"
#include "terminal/hidden_input.hpp"
#include "terminal/write.hpp"

namespace porter::detail::terminal {

namespace {

// What the handler of signals needs: it cannot be given anything.
int prompted_at = STDOUT_FILENO;
std::string_view prompt_shown;
struct ::termios as_it_was;
struct ::termios while_asking;
bool is_known = false;

extern "C" void leave(int)
{
    if (is_known) ::tcsetattr(STDIN_FILENO, TCSANOW, &as_it_was);
    [[maybe_unused]] auto const written = ::write(prompted_at, "\n", 1);  // the shell's prompt gets its own line
    ::_exit(0);
}

/// The shell gets the terminal as it was, and nothing of a half-typed password.
extern "C" void stop(int)
{
    auto const error = errno;
    if (is_known) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
    ::kill(::getpid(), SIGSTOP);
    errno = error;
}

/// What was typed while it did show is no password.
extern "C" void go_on(int)
{
    auto const error = errno;
    if (is_known) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &while_asking);
    [[maybe_unused]] auto const written = ::write(prompted_at, prompt_shown.data(), prompt_shown.size());
    errno = error;
}

/// While this lives, SIGINT and SIGTERM leave cleanly, and after Ctrl-Z and fg the question is asked again.
class question {
public:
    question(int output, std::string_view prompt, bool hides)
    {
        prompted_at = output;
        prompt_shown = prompt;
        is_known = ::tcgetattr(STDIN_FILENO, &as_it_was) == 0;
        while_asking = as_it_was;
        if (hides) while_asking.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        struct sigaction action{};
        for (std::size_t i = 0; i < signals.size(); ++i) {
            action.sa_handler = signals[i] == SIGTSTP ? stop : signals[i] == SIGCONT ? go_on : leave;
            ::sigaction(signals[i], &action, &before_[i]);
        }
    }
    ~question()
    {
        for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
    }
    question(question const&) = delete;
    question& operator=(question const&) = delete;

private:
    static constexpr std::array signals{SIGINT, SIGTERM, SIGTSTP, SIGCONT};
    std::array<struct sigaction, signals.size()> before_{};
};

/// A line without its line feed. What is too long is left out. Byte by byte, so that what is typed ahead stays for
/// those who read next.
std::optional<base::secret> read_line()
{
    std::array<char, 4096> line;
    std::size_t size = 0;
    for (;;) {
        char letter = 0;
        auto const got = ::read(STDIN_FILENO, &letter, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || letter == '\n') {
            std::optional<base::secret> answer;
            if (got > 0) answer.emplace(std::string_view{line.data(), size});
            explicit_bzero(line.data(), size);
            return answer;
        }
        if (size < line.size()) line[size++] = letter;
    }
}

std::optional<base::secret> ask_for_line(int output, std::string_view prompt)
{
    write_all(output, prompt);
    auto answer = read_line();
    if (!answer) write_all(output, "\n");
    return answer;
}

std::string trimmed(std::string text)
{
    text.erase(text.find_last_not_of(" \t") + 1);
    text.erase(0, text.find_first_not_of(" \t"));
    return text;
}

}  // namespace

bool can_ask(int output) noexcept
{
    return is_terminal(STDIN_FILENO) && is_terminal(output);
}

std::optional<std::string> ask(int output, std::string_view prompt)
{
    question const guard{output, prompt, false};
    auto const answer = ask_for_line(output, prompt);
    if (!answer) return std::nullopt;
    return std::string{answer->view()};
}

std::optional<base::secret> ask_hidden(int output, std::string_view prompt)
{
    question const guard{output, prompt, true};
    hidden_input const hidden;  // before the prompt: who sees it may type
    auto answer = ask_for_line(output, prompt);
    if (answer) write_all(output, "\n");
    return answer;
}

std::optional<bool> ask_yes_no(int output, std::string_view prompt)
{
    for (;;) {
        auto const answer = ask(output, prompt);
        if (!answer) return std::nullopt;
        auto const said = base::lower(trimmed(*answer));
        if (said == "yes" || said == "y") return true;
        if (said == "no" || said == "n") return false;
        write_all(output, "Please answer yes or no.\n");
    }
}

}  // namespace porter::detail::terminal
