#pragma once

#include <string>
#include <vector>

#include "porter/server.hpp"

namespace porter::detail::library {

/// What porter::check() finds.
struct check_report {
    std::vector<std::string> warnings;        ///< as server::warnings()
    std::vector<std::string> database_lines;  ///< the state of a database that servers share, for a person
};

/// As porter::check().
check_report check(server_options const& options);

}  // namespace porter::detail::library
