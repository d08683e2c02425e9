#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "log/append_file.hpp"
#include "log/format.hpp"
#include "log/free_space_check.hpp"
#include "log/line_queue.hpp"
#include "log/logger.hpp"
#include "metrics/counter.hpp"

namespace porter::detail::log {

/// Writes the batches of a line_queue and counts the lines that were lost, or not written because of the
/// free_space_check. No member function throws, not even std::bad_alloc. For one thread, but for lost().
class line_writer {
public:
    line_writer(std::filesystem::path const& path, log_format format, free_space_check floor = free_space_check{})
        : file_(path), format_(format), floor_(std::move(floor))
    {}

    append_file const& file() const noexcept { return file_; }

    /// All lines that were lost so far. From any thread.
    metrics::counter const& lost() const noexcept { return lost_; }

    /// Reports earlier losses and writes the lines, with the reopen that the batch requests. While the report cannot be
    /// written, no line is written either: the gap would not be visible.
    void write(line_queue::batch& next);

    /// Reports losses, if there are any and the report can be written. After the last batch.
    void finish();

private:
    void write(std::string& lines);
    void reopen();
    void count_dropped(std::uint64_t lines) noexcept;
    bool report_dropped();
    int announce(level severity, std::string_view event, std::initializer_list<field> fields);

    append_file file_;
    log_format format_;
    free_space_check floor_;
    line_time now_{};            ///< the time for lines of the writer itself: that of the lines that follow
    std::uint64_t dropped_ = 0;  ///< since the last report
    metrics::counter lost_;
    /// Why lines were lost: errno of the file; 0: the queue was full; below_floor: to keep space free.
    int last_error_ = 0;
};

}  // namespace porter::detail::log
