#include "log/file_logger.hpp"

#include <algorithm>
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

/// Bytes that may wait for the disk: some ten thousand lines, for a disk that stalls while the server is busy. As much
/// may be on its way to the disk meanwhile, and a text that grows has room for up to twice its size: some 4 MiB in all.
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

file_logger::file_logger(std::filesystem::path const& path, level threshold, log_format form)
    : logger(threshold), format_(form), budget_(steady_clock::now()), writer_(path, form), queue_(queue_bytes)
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
    // After the last line the thread looks once more when its minute is over, so that a flood that has ended is told
    // of.
    auto look = line_queue::time::max();
    for (line_queue::batch next; queue_.take(next, look);) {
        bool const is_quiet = next.is_empty();
        if (!is_quiet) writer_.write(next);
        look = is_quiet ? line_queue::time::max() : steady_clock::now() + line_budget::window;
        try {
            report(budget_.take_finished(steady_clock::now()));
        } catch (std::bad_alloc const&) {
            queue_.drop();
        }
    }
    writer_.finish();
}

void file_logger::write(level severity, std::string_view event, std::span<field const> peer,
                        std::initializer_list<field> fields)
{
    try {
        auto const line = format_event(format_, severity, event, peer, fields);
        auto const address = peer.empty() ? std::string_view{} : peer.front().text;
        auto const decided = budget_.admit(address, severity, line.size(), steady_clock::now());
        if (decided.has_finished) report(budget_.take_finished(steady_clock::now()));
        if (decided.is_admitted) queue_.push(line);
    } catch (std::bad_alloc const&) {  // whoever logs is not to fail because it cannot be told
        queue_.drop();
    }
}

void file_logger::report(std::vector<line_budget::suppression> const& all)
{
    for (auto const& one : all) {
        queue_.push(format_event(format_, one.has_errors ? level::error : level::warn, "suppressed", {},
                                 {{"network", one.network}, {"lines", one.lines}, {"seconds", one.length.count()}}));
    }
}

void file_logger::reopen()
{
    queue_.request_reopen();
}

}  // namespace porter::detail::log
