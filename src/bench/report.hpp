#pragma once

#include <span>
#include <string>

#include "bench/config.hpp"
#include "bench/figures.hpp"
#include "bench/target.hpp"

namespace porter::detail::bench {

/// The measurement in one line.
std::string title(config const& config, target const& target);

/// The figures as a table.
std::string table(config const& config, std::span<figures const> all);

/// The figures as an indented JSON object.
std::string json(config const& config, target const& target, std::span<figures const> all);

/// A duration with three digits: "85.3 us".
std::string short_time(std::chrono::nanoseconds value);

}  // namespace porter::detail::bench
