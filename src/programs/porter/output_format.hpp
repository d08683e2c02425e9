#pragma once

#include <string>

#include "porter/connection.hpp"

namespace porter::programs {

/// How received messages are printed.
enum class output_format {
    text,      ///< texts unchanged, for programs; data is omitted
    terminal,  ///< texts with control characters escaped; the size of data
    json,      ///< an object: {"text": "..."} or {"data": "base64"}, with control characters escaped
};

/// A message as a line with its line feed; empty if the format omits it.
std::string format_message(message const& message, output_format format);

}  // namespace porter::programs
