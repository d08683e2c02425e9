#pragma once

#include <termios.h>

namespace porter::rooms::terminal {

/// What is typed at standard input does not show while this lives. Does nothing where that is no terminal.
class hidden_typing {
public:
    hidden_typing();
    ~hidden_typing();
    hidden_typing(hidden_typing const&) = delete;
    hidden_typing& operator=(hidden_typing const&) = delete;

private:
    struct ::termios before_ {};
    bool known_ = false;
};

}  // namespace porter::rooms::terminal
