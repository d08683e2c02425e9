#include "log/file_logger.hpp"

#include <algorithm>
#include <array>
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

namespace porter::detail::log {
namespace {

/// Queued bytes: some ten thousand lines, for a disk that stalls while the server is busy. The batch that is being
/// written may be as large, and a growing string allocates up to twice its size: some 4 MiB in all.
constexpr std::size_t queue_bytes = 1024 * 1024;

using std::chrono::steady_clock;

std::string explain(std::filesystem::path const& path, int error)
{
    std::string line = "cannot open ";
    append_text(line, path.string());
    line += ": ";
    if (error == ELOOP) return line + "it is a symbolic link";
    if (error == EPERM) return line + "it belongs to another user";
    if (error == EINVAL || error == ENXIO || error == EISDIR) return line + "it is not a regular file";
    return line + std::generic_category().message(error);
}

void throw_unless_opened(std::filesystem::path const& path, int error)
{
    if (error == 0) return;
    throw start_error(error == EPERM ? start_errc::configuration : start_errc::cannot_create, explain(path, error));
}

}  // namespace

void file_logger::check(std::filesystem::path const& path, std::filesystem::path const& planned)
{
    throw_unless_opened(path, append_file::error_of_opening(path, planned));
}

file_logger::file_logger(std::filesystem::path const& path, level threshold, log_format format)
    : logger(threshold),
      format_(format),
      budget_(steady_clock::now()),
      writer_(path, format),
      queue_(queue_bytes),
      recent_(format)
{
    throw_unless_opened(path, writer_.file().opening_error());
    thread_ = std::jthread{[this] { run(); }};
}

file_logger::~file_logger()
{
    try {
        report(budget_.take_all(steady_clock::now()));
    } catch (std::bad_alloc const&) {
        queue_.drop();
    }
    queue_.close();
}

void file_logger::run()
{
    base::set_thread_name("porter-log");
    // The thread wakes once more a window after the last line, to report a flood that has ended.
    auto wake_at = line_queue::time::max();
    for (line_queue::batch next; queue_.take(next, wake_at);) {
        bool const timed_out = next.is_empty();
        keep(next);
        if (!timed_out) writer_.write(next);
        wake_at = timed_out ? line_queue::time::max() : steady_clock::now() + line_budget::window;
        try {
            report(budget_.take_finished(steady_clock::now()));
        } catch (std::bad_alloc const&) {
            queue_.drop();
        }
    }
    writer_.finish();
}

/// On the logger's thread, so that the callers have no work with it.
void file_logger::keep(line_queue::batch const& next) noexcept
{
    try {
        recent_.add(next.old_lines);
        recent_.add(next.lines);
    } catch (std::bad_alloc const&) {  // they are written all the same
    }
}

void file_logger::write(log_record const& record) noexcept
{
    try {
        auto const line = format_event(format_, record);
        auto const address = record.peer.empty() ? std::string_view{} : record.peer.front().text;
        auto const decision = budget_.admit(address, record.level, line.size(), steady_clock::now());
        if (decision.has_finished) report(budget_.take_finished(steady_clock::now()));
        if (decision.is_admitted) queue_.push(line);
    } catch (std::bad_alloc const&) {  // logging must not make the caller fail
        queue_.drop();
    }
}

void file_logger::report(std::vector<line_budget::suppression> const& suppressions)
{
    for (auto const& each : suppressions) {
        suppressed_.add(each.lines);
        std::array<field, 3> const fields{
            {{"network", each.network}, {"lines", each.lines}, {"seconds", each.length.count()}}};
        auto const severity = each.has_errors ? level::error : level::warn;
        queue_.push(format_event(format_, log_record{severity, "suppressed", {}, fields}));
    }
}

bool file_logger::is_short_of_space() const
{
    return !free_space_check{}.has_space_at(writer_.file().path());
}

void file_logger::reopen()
{
    queue_.request_reopen();
}

}  // namespace porter::detail::log
