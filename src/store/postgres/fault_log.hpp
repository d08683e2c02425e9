#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "log/logger.hpp"

namespace porter::detail::store::postgres {

/// Logs errors of the database, at most one a second: a server that is down fails every request. For one thread.
class fault_log {
public:
    static constexpr std::chrono::seconds pause{1};

    explicit fault_log(log::logger& log) : log_(log) {}

    /// Event `store_failed`. `during` names the operation, `code` is an SQLSTATE or empty. The next line has the number
    /// of lines left out before it.
    void report(std::string_view during, std::string_view code, std::string_view problem);

private:
    log::logger& log_;
    std::optional<std::chrono::steady_clock::time_point> last_;
    std::uint64_t left_out_ = 0;
};

}  // namespace porter::detail::store::postgres
