#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

#include "log/append_file.hpp"
#include "log/line_queue.hpp"
#include "log/logger.hpp"

namespace porter::rooms::log {

/// Writes what a line_queue gave and keeps count of the lines that were lost. Nothing here throws, for lack of memory
/// neither. For one thread.
class line_writer {
public:
    line_writer(std::filesystem::path const& path, log_format form) : file_(path), form_(form) {}

    append_file const& file() const noexcept { return file_; }

    /// Says what was lost before and writes the lines, with a reopening before or among them if that is asked for.
    /// While the former cannot be said no line is written either: lines behind a gap that nobody sees would mislead.
    void write(line_queue::batch& next);

    /// Says what was lost, if anything was and it can be written. After the last batch.
    void finish() { report_dropped(); }

private:
    void write(std::string& lines);
    void reopen();
    bool report_dropped();
    int announce(level severity, std::string_view event, std::initializer_list<field> fields);

    append_file file_;
    log_format form_;
    std::uint64_t dropped_ = 0;
    int last_error_ = 0;  ///< of the file; 0: lines were lost because the queue was full
};

}  // namespace porter::rooms::log
