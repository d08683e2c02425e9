#pragma once

#include <string>
#include <string_view>

namespace porter::programs {

/// A command of the interactive session.
struct command {
    std::string_view name;
    std::string_view usage;    ///< for /help
    std::string_view summary;  ///< for /help
    std::string_view hint;     ///< shown for wrong arguments
    bool needs_account = false;
};

/// The command whose name is the first word of the line, in any case; null if there is none.
command const* find_command(std::string_view line);

/// The text of /help, for a server with accounts or without.
std::string list_of_commands(bool with_accounts);

}  // namespace porter::programs
