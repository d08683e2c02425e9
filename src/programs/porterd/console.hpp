#pragma once

#include <string>
#include <string_view>

namespace porter::programs {

/// Writes to stdout at once. That nobody reads it is no reason to stop: errors are passed over.
void say(std::string_view text);

/// Writes to stderr, for what is no error and must not stand between the lines of a log on stdout.
void say_beside_log(std::string_view text);

/// Writes `porterd: ` and one line to stderr.
void complain(std::string_view line);

/// The same of what does not end the program.
void warn(std::string_view line);

/// Whether a person reads what is said, and whether one can answer as well.
bool is_on_terminal();
bool can_ask();

/// The text as one word of a shell's command line.
std::string shell_word(std::string_view text);

}  // namespace porter::programs
