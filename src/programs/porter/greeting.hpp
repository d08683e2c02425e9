#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "porter/client.hpp"

namespace porter::programs {

/// "Hello, Alice! The server knows you by your address."
std::string hello_line(std::string const& name);

/// "Welcome, Alice. Last login 2026-11-20 18:02 from 192.0.2.7. Your session is kept until 2026-12-22." with what of
/// it there is to say. `kept`: the session's token is there for the next start.
std::string welcome_line(access_granted const& access, bool kept);

/// "Going by Bob, whose session was opened last here. Also kept: Alice (--name NAME takes another)."
std::string chosen_session_line(std::string const& name, std::vector<std::string> const& others);

/// The account's session was ended while it was in use.
std::string ended_session_line(std::string const& name);

/// A table with a line for each session.
std::string sessions_table(std::vector<session_info> const& sessions);

}  // namespace porter::programs
