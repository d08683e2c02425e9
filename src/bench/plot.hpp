#pragma once

#include <span>
#include <string>

#include "bench/figures.hpp"

namespace porter::detail::bench {

/// The figures as an SVG document: latency by percentile, with a line for each number of connections; if there are
/// several, also the rate against the connections. `title` is any text.
std::string plot(std::string const& title, std::span<figures const> all);

}  // namespace porter::detail::bench
