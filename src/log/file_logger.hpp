#pragma once

#include <cstdint>
#include <filesystem>
#include <thread>
#include <vector>

#include "log/line_budget.hpp"
#include "log/line_queue.hpp"
#include "log/line_writer.hpp"
#include "log/logger.hpp"
#include "log/recent_events.hpp"
#include "metrics/counter.hpp"

namespace porter::detail::log {

/// The log file of a server. A call puts a line into a bounded queue; the logger's thread writes all queued lines at
/// once. Lines are dropped when the queue is full or memory is short, and lost when the disk is full: the server goes
/// on, and the next line that can be written is preceded by the event `log_dropped` with their number. Lines with a
/// field `address` are bounded by a line_budget: lines beyond it are not written, and at the end of the minute the
/// event `suppressed` has their number.
class file_logger final : public logger {
public:
    /// Opens or creates the file. Throws start_error(cannot_create) with a line for people if that fails.
    file_logger(std::filesystem::path const& path, level threshold, log_format format);

    /// Throws the constructor's error for this file, if any; creates and changes nothing. `planned`: a folder that will
    /// be created before; empty: none.
    static void check(std::filesystem::path const& path, std::filesystem::path const& planned);

    /// Writes the queue, then closes.
    ~file_logger() override;

    /// Opens the path again, after a rotation. Lines logged before the call go to the old file; the new file starts
    /// with the event `log_reopened`. If it cannot be opened, the old file stays in use and gets the event
    /// `log_reopen_failed`. Returns at once, from any thread; the logger's thread opens the file.
    void reopen();

    /// Changes the level below which events are not written. From any thread.
    using logger::set_threshold;

    ///@{
    /// From any thread. Lines that were dropped or lost so far; lines that a line_budget held back, as far as they were
    /// reported; whether the file system has so little space left that nothing is written to it.
    std::uint64_t lost_lines() const noexcept { return writer_.lost().value(); }
    std::uint64_t suppressed_lines() const noexcept { return suppressed_.value(); }
    bool is_short_of_space() const;
    ///@}

    /// The last events, also those that could not be written. From any thread.
    recent_events const& recent() const noexcept { return recent_; }

private:
    void write(log_record const& record) noexcept override;

    void run();
    void keep(line_queue::batch const& next) noexcept;
    void report(std::vector<line_budget::suppression> const& suppressions);

    log_format format_;
    line_budget budget_;
    line_writer writer_;
    line_queue queue_;
    recent_events recent_;
    metrics::counter suppressed_;
    std::jthread thread_;  // last member: it is joined before the others are destroyed
};

}  // namespace porter::detail::log
