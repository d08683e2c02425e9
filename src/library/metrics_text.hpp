#pragma once

#include <string>

#include "library/monitored.hpp"

namespace porter::detail::library {

/// The metrics of a server in the text format of Prometheus, as docs/operating.md lists them. From any thread.
std::string metrics_text(monitored const& parts);

/// What the most important ones say, as the JSON object of docs/operating.md. `live`: its member of this name, JSON.
/// From any thread.
std::string status_json(monitored const& parts, std::string const& live);

}  // namespace porter::detail::library
