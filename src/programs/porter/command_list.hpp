#pragma once

#include <string>
#include <string_view>

namespace porter::programs {

/// What may be typed instead of a text.
struct command {
    std::string_view name;
    std::string_view use;   ///< as /help lists it
    std::string_view does;  ///< what follows there
    std::string_view hint;  ///< for whoever typed something else after the name
    bool of_accounts = false;
};

/// The command that a line begins with, small letters or not; null: there is none of that name.
command const* find_command(std::string_view line);

/// The list for a server with accounts or without.
std::string list_of_commands(bool with_accounts);

}  // namespace porter::programs
