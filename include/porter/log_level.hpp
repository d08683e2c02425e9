#pragma once

#include <cstdint>

namespace porter {

/// How much of what happens is worth a line; each level includes those behind it.
enum class log_level : std::uint8_t { trace, debug, info, warn, error };

/// How a line of the log is written: for people, or one JSON object each for programs.
enum class log_format : std::uint8_t { text, json };

}  // namespace porter
