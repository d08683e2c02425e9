#pragma once

#include <span>
#include <string>

#include "bench/figures.hpp"

namespace porter::detail::bench {

/// The figures as an SVG document: latency by percentile, a line for each number of connections; and below it, when
/// there are several, the rate against the connections. `title` may hold any text.
std::string plot(std::string const& title, std::span<figures const> all);

}  // namespace porter::detail::bench
