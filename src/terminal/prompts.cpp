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

// The state of the signal handlers, which take no parameters.
int prompt_output = STDOUT_FILENO;
std::string_view current_prompt;
struct ::termios saved_modes;
struct ::termios prompt_modes;
bool has_modes = false;

extern "C" void exit_on_signal(int)
{
    if (has_modes) ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_modes);
    [[maybe_unused]] auto const written = ::write(prompt_output, "\n", 1);  // the shell's prompt gets its own line
    ::_exit(0);
}

/// Restores the terminal for the shell and drops pending input, such as half a password.
extern "C" void stop_on_signal(int)
{
    auto const error = errno;
    if (has_modes) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved_modes);
    ::kill(::getpid(), SIGSTOP);
    errno = error;
}

/// Drops input that was echoed: it is not part of a password.
extern "C" void continue_on_signal(int)
{
    auto const error = errno;
    if (has_modes) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &prompt_modes);
    [[maybe_unused]] auto const written = ::write(prompt_output, current_prompt.data(), current_prompt.size());
    errno = error;
}

/// While this lives, SIGINT and SIGTERM restore the terminal and exit; after Ctrl-Z and fg the prompt is shown again.
class signal_guard {
public:
    signal_guard(int output, std::string_view prompt, bool is_hidden)
    {
        prompt_output = output;
        current_prompt = prompt;
        has_modes = ::tcgetattr(STDIN_FILENO, &saved_modes) == 0;
        prompt_modes = saved_modes;
        if (is_hidden) prompt_modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        struct sigaction action{};
        for (std::size_t i = 0; i < signals.size(); ++i) {
            action.sa_handler = signals[i] == SIGTSTP   ? stop_on_signal
                                : signals[i] == SIGCONT ? continue_on_signal
                                                        : exit_on_signal;
            ::sigaction(signals[i], &action, &saved_[i]);
        }
    }
    ~signal_guard()
    {
        for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &saved_[i], nullptr);
    }
    signal_guard(signal_guard const&) = delete;
    signal_guard& operator=(signal_guard const&) = delete;

private:
    static constexpr std::array signals{SIGINT, SIGTERM, SIGTSTP, SIGCONT};
    std::array<struct sigaction, signals.size()> saved_{};
};

/// Reads a line, without its line feed; its first 4,096 bytes. Byte by byte, so that input after it stays for the next
/// reader.
std::optional<base::secret> read_line()
{
    std::array<char, 4096> line;
    std::size_t size = 0;
    for (;;) {
        char letter = 0;
        auto const count = ::read(STDIN_FILENO, &letter, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0 || letter == '\n') {
            std::optional<base::secret> answer;
            if (count > 0) answer.emplace(std::string_view{line.data(), size});
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
    signal_guard const guard{output, prompt, false};
    auto const answer = ask_for_line(output, prompt);
    if (!answer) return std::nullopt;
    return std::string{answer->view()};
}

std::optional<base::secret> ask_hidden(int output, std::string_view prompt)
{
    signal_guard const guard{output, prompt, true};
    hidden_input const hidden;  // before the prompt, as typing begins after it
    auto answer = ask_for_line(output, prompt);
    if (answer) write_all(output, "\n");
    return answer;
}

std::optional<bool> ask_yes_no(int output, std::string_view prompt)
{
    for (;;) {
        auto const answer = ask(output, prompt);
        if (!answer) return std::nullopt;
        auto const word = base::lower(trimmed(*answer));
        if (word == "yes" || word == "y") return true;
        if (word == "no" || word == "n") return false;
        write_all(output, "Please answer yes or no.\n");
    }
}

}  // namespace porter::detail::terminal
