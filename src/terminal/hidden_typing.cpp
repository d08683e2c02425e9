#include "terminal/hidden_typing.hpp"

#include <unistd.h>

namespace porter::rooms::terminal {

hidden_typing::hidden_typing()
{
    known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!known_) return;
    auto hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &hidden);
}

hidden_typing::~hidden_typing()
{
    if (known_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

}  // namespace porter::rooms::terminal
