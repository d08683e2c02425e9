#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "porter/secret.hpp"
#include "porter/task.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/descriptor_watcher.hpp"
#include "terminal/hidden_input.hpp"

namespace porter::programs {

/// Asks the user on the terminal, without blocking the event loop. None as an answer: the end of input (Ctrl-D), or
/// "/quit", which is_quit() tells apart.
class prompts {
public:
    prompts(io_executor executor, console& console);

    /// Asks for a line, and trims it.
    task<std::optional<std::string>> ask(std::string prompt);

    /// Asks for a line without echo. The echo stays off until the next ask() or show_typing(), since the next question
    /// may depend on the server's reply. "/quit" is too short for a password.
    task<std::optional<secret>> ask_hidden(std::string prompt);

    /// Turns the echo on again.
    void show_typing();

    /// Turns the echo on again and discards what was typed without it, such as the password once more.
    void discard_hidden();

    /// Restores the terminal before the program stops (Ctrl-Z); after it continues, prints the open question again.
    void suspend();
    void resume();

    /// Whether the user answered a question with "/quit".
    bool is_quit() const noexcept { return is_quit_; }

    /// Asks until the answer is yes or no.
    task<std::optional<bool>> ask_yes_no(std::string prompt);

    /// Waits before the next question. What is typed until then, maybe a password, is not shown and is discarded.
    task<void> wait(std::chrono::seconds pause);

private:
    task<bool> read_answer(std::string prompt, std::string& line);
    task<bool> read_line(std::string& line);

    descriptor_watcher input_;
    console& console_;
    std::optional<detail::terminal::hidden_input> hidden_;
    std::string prompt_;  // of the open question
    bool is_quit_ = false;
};

}  // namespace porter::programs
