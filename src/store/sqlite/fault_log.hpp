#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "log/logger.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace porter::detail::store::sqlite {

/// Logs errors of the database, at most one a second: a full disk fails every request, and thousands of lines would
/// fill it further. Safe from any thread.
class fault_log {
public:
    static constexpr std::chrono::seconds pause{1};

    explicit fault_log(log::logger& log) : log_(log) {}

    /// Event `store_failed`; `during` names the operation. The next line has the number of lines left out before it.
    void report(std::string_view during, error const& problem);
    /// The same for std::bad_alloc, as SQLite reports its own lack of memory.
    void report_no_memory(std::string_view during);

private:
    void report(std::string_view during, int code, std::string_view problem);

    log::logger& log_;
    std::mutex mutex_;
    std::optional<std::chrono::steady_clock::time_point> last_;
    std::uint64_t left_out_ = 0;
};

}  // namespace porter::detail::store::sqlite
