#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "porter/client.hpp"

namespace porter::programs {

/// "Hello, Alice! The server knows you by your address."
std::string hello_line(std::string const& name);

/// "Welcome, Alice. Last login 2026-11-20 18:02 from 192.0.2.7. Your session is kept until 2026-12-22.", without the
/// parts that do not apply. `is_saved`: the session's token is in the saved sessions.
std::string welcome_line(access_granted const& access, bool is_saved);

/// "Resuming the session of Bob, which was saved last. Also saved: Alice (choose with --name NAME)."
std::string chosen_session_line(std::string const& name, std::vector<std::string> const& others);

/// Says that the session was ended while it was in use.
std::string ended_session_line(std::string const& name);

/// A table of the sessions, without a line feed at its end.
std::string sessions_table(std::vector<session_info> const& sessions);

}  // namespace porter::programs
