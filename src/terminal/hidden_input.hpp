#pragma once

#include <termios.h>

namespace porter::detail::terminal {

/// Turns off the echo of the terminal at standard input while this lives. Does nothing if it is not a terminal.
class hidden_input {
public:
    hidden_input();
    ~hidden_input();
    hidden_input(hidden_input const&) = delete;
    hidden_input& operator=(hidden_input const&) = delete;

    /// Restores the echo before the process is stopped, and drops pending input: the shell must not read half a
    /// password.
    void suspend();

    /// Turns the echo off again after the process was stopped, and drops input that was echoed.
    void resume();

private:
    struct ::termios without_echo() const;

    struct ::termios saved_{};
    bool is_terminal_ = false;
};

}  // namespace porter::detail::terminal
