#pragma once

#include <cstdint>
#include <optional>

namespace porter::programs {

/// Asks on the terminal for the port until the answer is one; Enter takes `usual`. None when the person left by end of
/// input. Ctrl-C (and SIGTERM) leaves the program at once with exit code 0: nothing is open yet.
std::optional<std::uint16_t> ask_port(std::uint16_t usual);

}  // namespace porter::programs
