#include "log/line_writer.hpp"

#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include "log/format.hpp"

namespace porter::detail::log {
namespace {

/// Not a value of errno: the log stopped by itself, to keep space free.
constexpr int below_floor = -1;

/// The text of std::generic_category(), without allocating memory.
char const* describe(int error)
{
    if (error == below_floor) return "too little free space";
    char const* const known = ::strerrordesc_np(error);
    return known != nullptr ? known : "Unknown error";
}

}  // namespace

void line_writer::write(line_queue::batch& next)
{
    if (next.reopen) {
        now_ = next.old_lines_at;
        if (!next.old_lines.empty()) write(next.old_lines);
        now_ = next.reopened_at;
        reopen();
    }
    now_ = next.lines_at;
    write(next.lines);
    count_dropped(next.dropped);
}

void line_writer::write(std::string& lines)
{
    if (lines.empty() && dropped_ == 0) return;
    if (!floor_.has_space(file_.descriptor(), lines.size())) {
        count_dropped(count_lines(lines));
        last_error_ = below_floor;
    } else if (report_dropped()) {
        auto const lost = file_.write(lines);
        count_dropped(lost.lines);
        last_error_ = lost.error;
    } else {
        count_dropped(count_lines(lines));
    }
}

void line_writer::reopen()
{
    auto const& path = file_.path().native();
    bool const was_torn = file_.has_unfinished();
    int const error = file_.reopen();
    if (error == 0 && was_torn) count_dropped(1);  // its end would be in another file than its beginning
    int const failed = error == 0
                           ? announce(level::info, "log_reopened", {{"file", path}})
                           : announce(level::error, "log_reopen_failed", {{"file", path}, {"error", describe(error)}});
    if (failed != 0) count_dropped(1);
}

void line_writer::finish()
{
    now_ = line_time_now();
    report_dropped();
}

void line_writer::count_dropped(std::uint64_t lines) noexcept
{
    dropped_ += lines;
    lost_.add(lines);
}

/// True: no lost lines are left to report.
bool line_writer::report_dropped()
{
    if (dropped_ == 0) return true;
    auto const* const cause = last_error_ == 0 ? "queue full" : describe(last_error_);
    if (int const error = announce(level::warn, "log_dropped", {{"lines", dropped_}, {"error", cause}})) {
        last_error_ = error;
        return false;
    }
    dropped_ = 0;
    return true;
}

/// Writes a line of the writer itself. A lack of memory is reported like a full disk.
int line_writer::announce(level severity, std::string_view event, std::initializer_list<field> fields)
{
    try {
        auto line = format_line(format_, now_, severity, event, fields) + '\n';
        return file_.write(line).error;
    } catch (std::bad_alloc const&) {
        return ENOMEM;
    }
}

}  // namespace porter::detail::log
