#pragma once

#include <string>
#include <vector>

#include "bench/config.hpp"

namespace porter::programs {

/// porter-bench's command line.
struct bench_options {
    detail::bench::config config;
    std::string plot_file;  ///< empty: no plot
    bool json = false;
    bool quiet = false;

    bool help = false;
    bool version = false;
};

/// Reads the arguments (without the program's name). Throws config::option_error(usage).
bench_options parse_bench_options(std::vector<std::string> arguments);

/// The text of --help.
std::string bench_help();

}  // namespace porter::programs
