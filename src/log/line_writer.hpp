#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "log/append_file.hpp"
#include "log/format.hpp"
#include "log/line_queue.hpp"
#include "log/logger.hpp"
#include "log/space_floor.hpp"

namespace porter::detail::log {

/// Writes what a line_queue gave and keeps count of the lines that were lost, or that the space_floor left no room for.
/// Nothing here throws, for lack of memory neither. For one thread.
class line_writer {
public:
    line_writer(std::filesystem::path const& path, log_format form, free_space_check floor = free_space_check{})
        : file_(path), format_(form), floor_(std::move(floor))
    {}

    append_file const& file() const noexcept { return file_; }

    /// Says what was lost before and writes the lines, with a reopening before or among them if that is asked for.
    /// While the former cannot be said no line is written either: lines behind a gap that nobody sees would mislead.
    void write(line_queue::batch& next);

    /// Says what was lost, if anything was and it can be written. After the last batch.
    void finish();

private:
    void write(std::string& lines);
    void reopen();
    bool report_dropped();
    int announce(level severity, std::string_view event, std::initializer_list<field> fields);

    append_file file_;
    log_format format_;
    free_space_check floor_;
    line_time now_{};  ///< of what is said by the writer itself: that of the lines that follow it
    std::uint64_t dropped_ = 0;
    /// Of the file; 0: lines were lost because the queue was full; below_floor: to keep space free.
    int last_error_ = 0;
};

}  // namespace porter::detail::log
