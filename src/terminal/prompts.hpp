#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

/// Prompts at standard input, for programs that do nothing else at the time. The prompt is written to `output`. None:
/// end of input (Ctrl-D). While a prompt waits, SIGINT and SIGTERM restore the terminal and exit with 0, so no work may
/// be half done.
namespace porter::detail::terminal {

/// Whether a person can answer: standard input and `output` are a terminal.
bool can_ask(int output) noexcept;

/// Reads a line; its first 4,096 bytes.
std::optional<std::string> ask(int output, std::string_view prompt);

/// The same without echo.
std::optional<base::secret> ask_hidden(int output, std::string_view prompt);

/// Repeats the prompt until the answer is yes or no.
std::optional<bool> ask_yes_no(int output, std::string_view prompt);

}  // namespace porter::detail::terminal
