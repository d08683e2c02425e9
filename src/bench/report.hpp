#pragma once

#include <span>
#include <string>

#include "bench/figures.hpp"
#include "bench/plan.hpp"
#include "bench/scene.hpp"

namespace porter::rooms::bench {

/// What was measured, in one line.
std::string title(plan const& measured, scene const& door);

/// The figures for people: a table.
std::string table(plan const& measured, std::span<figures const> all);

/// The figures for programs: one JSON object, indented.
std::string json(plan const& measured, scene const& door, std::span<figures const> all);

/// A duration as a person reads it, three digits: "85.3 us".
std::string short_time(std::chrono::nanoseconds value);

}  // namespace porter::rooms::bench
