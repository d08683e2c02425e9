#pragma once

#include <string>

#include "library/monitored.hpp"

namespace porter::detail::library {

/// The newest connections, the throttled and the banned networks and the last events, as the JSON object `live` of
/// docs/operating.md. Each list is bounded. From any thread; waits for none of the I/O threads.
std::string live_json(monitored const& parts);

}  // namespace porter::detail::library
