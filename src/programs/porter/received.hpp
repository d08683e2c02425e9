#pragma once

#include <string>

#include "porter/connection.hpp"

namespace porter::programs {

/// How what is received is shown.
enum class output_format {
    text,      ///< as it is, for programs; data is left out
    terminal,  ///< control characters escaped; of data only that it came
    json,      ///< an object: {"text": "..."} or {"data": "base64"}, with control characters escaped
};

/// A message as a line, with its line feed; empty when it is not shown.
std::string line_for(message const& received, output_format how);

}  // namespace porter::programs
