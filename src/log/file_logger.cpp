#include "log/file_logger.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/thread.hpp"
#include "log/escape.hpp"
#include "log/file_sink.hpp"
#include "log/format.hpp"
#include "porter/start_error.hpp"

namespace porter::rooms::log {
namespace {

/// Lines that may wait for the disk: some seconds of a busy server, below 4 MiB of memory.
constexpr std::size_t queue_lines = 4096;

std::string explain(append_file const& file)
{
    int const error = file.opening_error();
    std::string line = "cannot open ";
    append_text(line, file.path().string());
    line += ": ";
    if (error == ELOOP) return line + "it is a symbolic link";
    if (error == EPERM) return line + "it belongs to another user";
    if (error == EINVAL || error == ENXIO || error == EISDIR) return line + "it is not a regular file";
    return line + std::generic_category().message(error);
}

}  // namespace

struct file_logger::machinery {
    machinery(std::filesystem::path const& path, log_format form_)
        : form(form_), sink(std::make_shared<file_sink>(path, form))
    {
        if (sink->file().opening_error() != 0) {
            bool const is_foreign = sink->file().opening_error() == EPERM;
            throw start_error(is_foreign ? start_error::kind::configuration : start_error::kind::cannot_create,
                              explain(sink->file()));
        }
        queue = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1, [] { base::serve_as("porter-log"); });
        sink->drain(*queue);
        front = std::make_shared<spdlog::async_logger>("porter", sink, queue,
                                                       spdlog::async_overflow_policy::overrun_oldest);
    }

    ~machinery()
    {
        queue.reset();  // its thread writes what is left and ends
        sink->finish();
    }

    log_format form;
    std::shared_ptr<file_sink> sink;
    std::shared_ptr<spdlog::details::thread_pool> queue;
    std::shared_ptr<spdlog::async_logger> front;
};

file_logger::file_logger(std::filesystem::path const& path, level threshold, log_format form)
    : logger(threshold), machinery_(std::make_unique<machinery>(path, form))
{}

file_logger::~file_logger() = default;

void file_logger::write(level severity, std::string_view event, std::initializer_list<field> fields)
{
    auto const now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    auto const line = format_line(machinery_->form, now, severity, event, fields);
    machinery_->front->log(spdlog::level::info, spdlog::string_view_t{line.data(), line.size()});
}

void file_logger::reopen()
{
    machinery_->sink->want_reopen();
    machinery_->front->log(spdlog::level::info, spdlog::string_view_t{});  // wakes the thread
}

}  // namespace porter::rooms::log
