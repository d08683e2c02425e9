#pragma once

#include <stdexcept>
#include <string>

#include "config/exit_code.hpp"

namespace porter::detail::config {

/// Why a program cannot start with its options: one line for a person, and the exit code.
class option_error : public std::runtime_error {
public:
    option_error(exit_code exit, std::string const& line) : std::runtime_error(line), exit_(exit) {}

    exit_code exit() const noexcept { return exit_; }

private:
    exit_code exit_;
};

}  // namespace porter::detail::config
