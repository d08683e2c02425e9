#pragma once

#include <stdexcept>
#include <string>

#include "config/exit_code.hpp"

namespace porter::rooms::config {

/// Why a program cannot start with what it was told: one line for a person, and the exit code that goes with it.
class problem : public std::runtime_error {
public:
    problem(exit_code exit, std::string const& line) : std::runtime_error(line), exit_(exit) {}

    exit_code exit() const noexcept { return exit_; }

private:
    exit_code exit_;
};

}  // namespace porter::rooms::config
