#include "log/file_sink.hpp"

#include <chrono>
#include <string_view>
#include <system_error>

#include "log/format.hpp"

namespace porter::rooms::log {
namespace {

line_time now()
{
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string describe(int error)
{
    return std::generic_category().message(error);
}

}  // namespace

void file_sink::log(spdlog::details::log_msg const& message)
{
    if (reopen_wanted_.exchange(false)) reopen();
    count_overrun();
    bool const up_to_date = report_dropped();
    if (message.payload.size() == 0) return;
    if (!up_to_date) {
        ++dropped_;
        return;
    }
    last_error_ = file_.write(std::string_view{message.payload.data(), message.payload.size()});
    if (last_error_ != 0) ++dropped_;
}

void file_sink::reopen()
{
    std::string const path = file_.path().string();
    if (file_.has_unfinished()) ++dropped_;  // its end would stand in another file than its beginning
    int const error = file_.reopen();
    auto const line = error == 0 ? format_line(form_, now(), level::info, "log_reopened", {{"file", path}})
                                 : format_line(form_, now(), level::error, "log_reopen_failed",
                                               {{"file", path}, {"error", describe(error)}});
    if (file_.write(line) != 0) ++dropped_;
}

void file_sink::count_overrun()
{
    auto const overrun = queue_->overrun_counter();
    dropped_ += overrun - overrun_seen_;
    overrun_seen_ = overrun;
}

/// True when nothing is left to be said about lost lines.
bool file_sink::report_dropped()
{
    if (dropped_ == 0) return true;
    auto const why = last_error_ == 0 ? std::string{"queue full"} : describe(last_error_);
    auto const line = format_line(form_, now(), level::warn, "log_dropped", {{"lines", dropped_}, {"error", why}});
    if (int const error = file_.write(line)) {
        last_error_ = error;
        return false;
    }
    dropped_ = 0;
    return true;
}

}  // namespace porter::rooms::log
