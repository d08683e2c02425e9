#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "porter/task.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/readiness.hpp"
#include "terminal/hidden_input.hpp"

namespace porter::programs {

/// Asks a person on the terminal, a line at a time, while the network goes on. No answer: the end of input (Ctrl-D).
class prompts {
public:
    prompts(io_executor executor, console& says);

    /// The answer without the blanks around it.
    task<std::optional<std::string>> ask(std::string prompt);

    /// The same without showing what is typed, which goes on until the next visible question or show_typing(): the
    /// answer may have to travel before it is known what comes next. "/quit", which is too short for a password, is no
    /// answer either.
    task<std::optional<detail::base::secret>> ask_hidden(std::string prompt);

    /// What is typed shows again, as it does before another reader takes the terminal.
    void show_typing();

    /// The same, and what was typed unseen answers nothing: maybe it was a password once more.
    void drop_unseen();

    /// Gives the terminal back while the program is stopped (Ctrl-Z), and takes it again: with the question that waits
    /// for its answer once more.
    void suspend();
    void resume();

    /// Whether a question was answered by "/quit".
    bool is_left() const noexcept { return left_; }

    /// Asks until the answer is one, or "/quit".
    task<std::optional<bool>> ask_yes_no(std::string prompt);

    /// Waits before the next question. Nobody was asked anything yet: what is typed meanwhile, maybe a password, is not
    /// shown and answers nothing. Ctrl-C is a signal as ever.
    task<void> wait(std::chrono::seconds pause);

private:
    task<bool> read_answer(std::string prompt, std::string& line);
    task<bool> read_line(std::string& line);

    readiness keys_;
    console& talk_;
    std::optional<detail::terminal::hidden_input> hidden_;
    std::string prompt_;  // of the question that waits for its answer
    bool left_ = false;
};

}  // namespace porter::programs
