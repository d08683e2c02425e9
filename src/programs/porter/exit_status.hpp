#pragma once

#include <exception>
#include <string>

#include "config/exit_code.hpp"
#include "porter/client.hpp"
#include "porter/result.hpp"

namespace porter::programs {

/// How the program exits: the code, and a message unless it was printed already. `sentence` is the message for a
/// terminal, if it differs.
struct exit_status {
    detail::config::exit_code code = detail::config::exit_code::ok;
    std::string message;
    std::string sentence{};
};

template <typename T>
using outcome = result<T, exit_status>;

/// The exit code for an error.
detail::config::exit_code exit_code_of(client_error const& error);

/// The exit status for an error. The server's text is escaped.
exit_status exit_status_for(client_error const& error);

/// The exit status for an exception that escaped a coroutine: a lack of resources, or a defect.
exit_status exit_status_for(std::exception_ptr const& defect);

/// The error for logs and scripts, with the name of its code.
std::string line_of(client_error const& error);

/// The error for a terminal, without the name of its code: a clause without a capital letter and a full stop.
std::string clause_of(client_error const& error);

/// clause_of() as a sentence.
std::string sentence_of(client_error const& error);

}  // namespace porter::programs
