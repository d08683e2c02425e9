#pragma once

#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <thread>
#include <vector>

#include "log/line_budget.hpp"
#include "log/line_queue.hpp"
#include "log/line_writer.hpp"
#include "log/logger.hpp"

namespace porter::detail::log {

/// The log file of a server. Callers only put a line into a bounded queue; a thread of the logger writes it, with all
/// the others that wait by then. When the queue is full or there is no memory the newest lines are dropped, and when
/// the disk refuses, lines are lost: the server goes on, and the first line that can be written again is preceded by
/// the event `log_dropped` with their number. Lines with a field `address` are bounded by a line_budget: those of a
/// network beyond it are not written, and at the end of the minute the event `suppressed` tells their number.
class file_logger final : public logger {
public:
    /// Opens or makes the file. Throws start_error(cannot_create) with a line for people when that cannot be done.
    file_logger(std::filesystem::path const& path, level threshold, log_format form);

    /// Throws what the constructor would throw for this file; makes and changes nothing. `planned`: a folder that will
    /// have been made by then; empty: none.
    static void check(std::filesystem::path const& path, std::filesystem::path const& planned);

    /// Writes what is queued, then closes.
    ~file_logger() override;

    /// Goes on in the file that has the name now (after a rotation), and says so there: event `log_reopened`. What was
    /// logged before the call is in the old one.
    /// Returns at once, from any thread; the logger's thread does it. If the file cannot be opened, the old one stays
    /// in use and gets the event `log_reopen_failed`.
    void reopen();

private:
    void write(level severity, std::string_view event, std::span<field const> peer,
               std::initializer_list<field> fields) override;

    void run();
    void report(std::vector<line_budget::suppression> const& all);

    log_format format_;
    line_budget budget_;
    line_writer writer_;
    line_queue queue_;
    std::jthread thread_;  // ends first
};

}  // namespace porter::detail::log
