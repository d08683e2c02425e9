#include "terminal/hidden_typing.hpp"

#include <unistd.h>

namespace porter::detail::terminal {

hidden_typing::hidden_typing()
{
    known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!known_) return;
    auto const modes = hidden();
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

hidden_typing::~hidden_typing()
{
    if (known_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

void hidden_typing::suspend()
{
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

void hidden_typing::resume()
{
    if (!known_) return;
    auto const modes = hidden();
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &modes);
}

struct ::termios hidden_typing::hidden() const
{
    auto modes = before_;
    modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    return modes;
}

}  // namespace porter::detail::terminal
