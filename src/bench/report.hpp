#pragma once

#include <span>
#include <string>

#include "bench/config.hpp"
#include "bench/figures.hpp"
#include "bench/target.hpp"

namespace porter::detail::bench {

/// What was measured, in one line.
std::string title(config const& measured, target const& door);

/// The figures for people: a table.
std::string table(config const& measured, std::span<figures const> all);

/// The figures for programs: one JSON object, indented.
std::string json(config const& measured, target const& door, std::span<figures const> all);

/// A duration as a person reads it, three digits: "85.3 us".
std::string short_time(std::chrono::nanoseconds value);

}  // namespace porter::detail::bench
