#pragma once

#include <exception>
#include <string>

#include "config/exit_code.hpp"
#include "porter/client.hpp"

namespace porter::programs {

/// Why the program ends: what it exits with, and the line that says why, if that needs saying. `sentence` says it to a
/// person at a terminal where that differs.
struct exit_status {
    detail::config::exit_code code = detail::config::exit_code::ok;
    std::string message;
    std::string sentence{};
};

template <typename T>
using outcome = result<T, exit_status>;

/// The exit code that tells scripts what kind of failure it was.
detail::config::exit_code exit_code_of(client_error const& failed);

/// The failure as a reason to leave; what the server chose to say is escaped.
exit_status exit_status_for(client_error const& failed);

/// An exception that ended a coroutine as a reason to leave: what the machine has no more of, or a mistake of ours.
exit_status exit_status_for(std::exception_ptr const& defect);

/// The line for logs and scripts, with the code's name in it.
std::string line_of(client_error const& failed);

/// The same for a person at a terminal, without the code's name: a clause without a capital letter and a full stop.
std::string clause_of(client_error const& failed);

/// clause_of() as a sentence.
std::string sentence_of(client_error const& failed);

}  // namespace porter::programs
