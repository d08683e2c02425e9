#include "terminal/hidden_input.hpp"

#include <unistd.h>

namespace porter::detail::terminal {

hidden_input::hidden_input()
{
    is_terminal_ = ::tcgetattr(STDIN_FILENO, &saved_) == 0;
    if (!is_terminal_) return;
    auto const modes = without_echo();
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

hidden_input::~hidden_input()
{
    if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_);
}

void hidden_input::suspend()
{
    if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved_);
}

void hidden_input::resume()
{
    if (!is_terminal_) return;
    auto const modes = without_echo();
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &modes);
}

struct ::termios hidden_input::without_echo() const
{
    auto modes = saved_;
    modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    return modes;
}

}  // namespace porter::detail::terminal
