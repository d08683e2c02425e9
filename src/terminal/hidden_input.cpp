#include "terminal/hidden_input.hpp"

#include <unistd.h>

namespace porter::detail::terminal {

hidden_input::hidden_input()
{
    known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!known_) return;
    auto const modes = hidden();
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

hidden_input::~hidden_input()
{
    if (known_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

void hidden_input::suspend()
{
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

void hidden_input::resume()
{
    if (!known_) return;
    auto const modes = hidden();
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &modes);
}

struct ::termios hidden_input::hidden() const
{
    auto modes = before_;
    modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    return modes;
}

}  // namespace porter::detail::terminal
