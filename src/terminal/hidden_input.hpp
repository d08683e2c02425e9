#pragma once

#include <termios.h>

namespace porter::detail::terminal {

/// What is typed at standard input does not show while this lives. Does nothing where that is no terminal.
class hidden_input {
public:
    hidden_input();
    ~hidden_input();
    hidden_input(hidden_input const&) = delete;
    hidden_input& operator=(hidden_input const&) = delete;

    /// Before the program is stopped: typing shows again, and the shell gets nothing of a half-typed password.
    void suspend();

    /// After the program was stopped: typing does not show. What was typed while it did show is dropped.
    void resume();

private:
    struct ::termios hidden() const;

    struct ::termios before_{};
    bool known_ = false;
};

}  // namespace porter::detail::terminal
