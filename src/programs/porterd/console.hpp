#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace porter::programs {

/// Writes to stdout, unbuffered. Ignores errors: the server does not depend on its output being read.
void print(std::string_view text);

/// Writes to stderr a text that is not an error but must not mix with the lines of a log on stdout.
void print_to_stderr(std::string_view text);

/// Writes `porterd: ` and one line to stderr.
void print_error(std::string_view line);

/// The same with `porterd: warning: `; the line is escaped.
void print_warning(std::string_view line);

/// Whether stdout is a terminal.
bool is_on_terminal();

/// Whether stdin and stdout are a terminal.
bool can_prompt();

/// Prompts for the port until the answer is one; Enter means `proposal`. None: end of input. SIGINT and SIGTERM exit
/// at once with 0, as nothing is open yet.
std::optional<std::uint16_t> ask_port(std::uint16_t proposal);

/// The text as one word of a shell, quoted if necessary.
std::string shell_word(std::string_view text);

}  // namespace porter::programs
