#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/monitored.hpp"

namespace porter::detail::library {

/// The words that a problem begins with.
inline constexpr std::array<std::string_view, 4> problem_kinds{"stopping", "store", "partitioned", "disk"};

/// Why a server does not serve as it should at the moment.
struct problem {
    std::string_view kind;  ///< one of problem_kinds
    std::string reason;     ///< a sentence for an operator
};

/// What decides about the health of a server.
struct health_facts {
    bool is_stopping = false;
    std::optional<std::string> change_error{};  ///< why the last change failed; none: it did not
    std::optional<std::string> lookup_error{};
    bool is_partitioned = false;
    bool is_log_short_of_space = false;
};

/// From any thread. Reads the free space of the log's file system.
health_facts facts_of(monitored const& parts);

/// Empty: it is healthy.
std::vector<problem> problems_of(health_facts const& facts);

}  // namespace porter::detail::library
