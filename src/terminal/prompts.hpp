#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

/// Questions for a person at standard input, for programs that do nothing else meanwhile. The prompt goes to `output`.
/// No answer: the end of input (Ctrl-D). While a question waits, SIGINT and SIGTERM end the process with 0, and the
/// terminal is as it was: so nothing may be half done when something is asked.
namespace porter::detail::terminal {

/// Whether a person can be asked: standard input and `output` are a terminal.
bool can_ask(int output) noexcept;

/// The line that is typed, its first 4,096 bytes.
std::optional<std::string> ask(int output, std::string_view prompt);

/// The same without showing what is typed.
std::optional<base::secret> ask_hidden(int output, std::string_view prompt);

/// Asks until the answer is yes or no.
std::optional<bool> ask_yes_no(int output, std::string_view prompt);

}  // namespace porter::detail::terminal
