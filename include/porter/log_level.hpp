#pragma once

#include <cstdint>

namespace porter {

/// The threshold of the log; each level includes those after it.
enum class log_level : std::uint8_t { trace, debug, info, warn, error };

/// The format of a log line: text for people, or one JSON object for programs.
enum class log_format : std::uint8_t { text, json };

}  // namespace porter
