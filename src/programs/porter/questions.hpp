#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "porter/task.hpp"
#include "programs/porter/readiness.hpp"
#include "programs/porter/talk.hpp"

namespace porter::programs {

/// Asks a person on the terminal, a line at a time, while the network goes on. No answer: the end of input (Ctrl-D).
class questions {
public:
    questions(io_executor executor, talk& says);

    task<std::optional<std::string>> ask(std::string prompt);

    /// The same without showing what is typed.
    task<std::optional<rooms::base::secret>> ask_hidden(std::string prompt);

    /// Asks until the answer is one.
    task<std::optional<bool>> ask_yes_no(std::string prompt);

    /// Waits before the next question. Nobody was asked anything yet: what is typed meanwhile, maybe a password, is not
    /// shown and answers nothing. Ctrl-C is a signal as ever.
    task<void> wait(std::chrono::seconds pause);

private:
    task<bool> read_line(std::string& line);

    readiness keys_;
    talk& talk_;
};

}  // namespace porter::programs
