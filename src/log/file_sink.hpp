#pragma once

#include <spdlog/async_logger.h>  // thread_pool.h does not stand alone
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "log/append_file.hpp"
#include "log/logger.hpp"

namespace porter::rooms::log {

/// Writes finished lines on spdlog's thread and keeps count of those that were lost. Nothing here throws.
class file_sink final : public spdlog::sinks::sink {
public:
    file_sink(std::filesystem::path const& path, log_format form) : file_(path), form_(form) {}

    append_file const& file() const noexcept { return file_; }

    /// Tells the sink whose queue it empties. Before the first line; the queue outlives the last one.
    void drain(spdlog::details::thread_pool& queue) { queue_ = &queue; }

    /// Lets the next line be preceded by a reopening; an empty line does nothing else. From any thread.
    void want_reopen() noexcept { reopen_wanted_ = true; }

    /// Says what was lost, if anything was and it can be written. After the last line, when the queue has gone.
    void finish() { report_dropped(); }

    void log(spdlog::details::log_msg const& message) override;
    void flush() override {}  // each line is written when it comes
    void set_pattern(std::string const&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

private:
    void reopen();
    void count_overrun();
    bool report_dropped();

    append_file file_;
    log_format form_;
    spdlog::details::thread_pool* queue_ = nullptr;
    std::atomic<bool> reopen_wanted_{false};
    std::size_t overrun_seen_ = 0;
    std::uint64_t dropped_ = 0;
    int last_error_ = 0;  ///< of the file; 0: lines were lost because the queue was full
};

}  // namespace porter::rooms::log
