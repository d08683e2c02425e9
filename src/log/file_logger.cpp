#include "log/file_logger.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <new>
#include <string>
#include <system_error>

#include "base/thread.hpp"
#include "log/escape.hpp"
#include "log/format.hpp"
#include "porter/start_error.hpp"

namespace porter::rooms::log {
namespace {

/// Bytes that may wait for the disk: some ten thousand lines, for a disk that stalls while the server is busy. As much
/// may be on its way to the disk meanwhile, and a text that grows has room for up to twice its size: some 4 MiB in all.
constexpr std::size_t queue_bytes = 1024 * 1024;

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

file_logger::file_logger(std::filesystem::path const& path, level threshold, log_format form)
    : logger(threshold), form_(form), writer_(path, form), queue_(queue_bytes)
{
    if (int const error = writer_.file().opening_error()) {
        throw start_error(error == EPERM ? start_error::kind::configuration : start_error::kind::cannot_create,
                          explain(writer_.file()));
    }
    thread_ = std::jthread{[this] { serve(); }};
}

file_logger::~file_logger()
{
    queue_.close();
}

void file_logger::serve()
{
    base::serve_as("porter-log");
    for (line_queue::batch next; queue_.take(next);) writer_.write(next);
    writer_.finish();
}

void file_logger::write(level severity, std::string_view event, std::initializer_list<field> fields)
{
    auto const now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    try {
        queue_.push(format_line(form_, now, severity, event, fields) + '\n');
    } catch (std::bad_alloc const&) {  // whoever logs is not to fail because it cannot be told
        queue_.drop();
    }
}

void file_logger::reopen()
{
    queue_.request_reopen();
}

}  // namespace porter::rooms::log
