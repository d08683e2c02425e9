#include "programs/porterd/port_question.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "config/values.hpp"
#include "programs/porterd/console.hpp"

namespace porter::programs {
namespace {

extern "C" void leave(int)
{
    [[maybe_unused]] auto const written = ::write(STDOUT_FILENO, "\n", 1);  // the shell's prompt gets its own line
    ::_exit(0);
}

/// While this lives, SIGINT and SIGTERM leave cleanly.
class leaving_by_signal {
public:
    leaving_by_signal()
    {
        struct sigaction action {};
        action.sa_handler = leave;
        for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &action, &before_[i]);
    }
    ~leaving_by_signal()
    {
        for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
    }
    leaving_by_signal(leaving_by_signal const&) = delete;
    leaving_by_signal& operator=(leaving_by_signal const&) = delete;

private:
    static constexpr std::array signals{SIGINT, SIGTERM};
    std::array<struct sigaction, signals.size()> before_{};
};

/// A line without its line feed, however long; what is over the bound is left out, since it is no port anyway. None
/// at the end of input. Byte by byte, so that what is typed ahead stays for those who read next.
std::optional<std::string> read_line()
{
    constexpr std::size_t bound = 256;
    std::string line;
    for (;;) {
        char letter = 0;
        auto const got = ::read(STDIN_FILENO, &letter, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        if (letter == '\n') return line;
        if (line.size() < bound) line += letter;
    }
}

}  // namespace

std::optional<std::uint16_t> ask_port(std::uint16_t usual)
{
    leaving_by_signal const guard;
    for (;;) {
        say("Port [" + std::to_string(usual) + "]: ");
        auto const line = read_line();
        if (!line) {
            say("\n");
            return std::nullopt;
        }
        if (line->empty()) return usual;
        auto const port = rooms::config::parse_port(*line);
        if (port) return *port;
        say(port.error() + '\n');
    }
}

}  // namespace porter::programs
