#include "log/line_queue.hpp"

#include <utility>

namespace porter::detail::log {
namespace {

/// Memory of an empty text that is kept for the next lines: some hundreds of them. What a burst took beyond is given
/// back.
constexpr std::size_t kept_bytes = 64 * 1024;

void clear(std::string& text)
{
    text.clear();
    if (text.capacity() > kept_bytes) text.shrink_to_fit();
}

void clear(line_queue::batch& done)
{
    clear(done.old_lines);
    done.reopen = false;
    clear(done.lines);
    done.dropped = 0;
}

}  // namespace

/// Whoever finds nothing waiting wakes the thread; whoever comes before it has got up costs no system call.
template <typename Change>
void line_queue::change(Change apply)
{
    std::unique_lock lock{mutex_};
    bool const may_sleep = pending_.is_empty();
    apply();
    lock.unlock();
    if (may_sleep) changed_.notify_one();
}

/// With the time of the first line, or of the first that is dropped.
void line_queue::begin_lines(line_time now)
{
    if (pending_.lines.empty() && pending_.dropped == 0) pending_.lines_at = now;
}

void line_queue::push(event_line const& line)
{
    change([this, &line] {
        auto const now = now_();
        begin_lines(now);
        // Behind a dropped line none is taken either, be it short enough: the gap stays in one place.
        if (pending_.dropped > 0 || pending_.old_lines.size() + pending_.lines.size() + line.size() > limit_) {
            ++pending_.dropped;
        } else {
            line.append_to(pending_.lines, now);
        }
    });
}

void line_queue::drop()
{
    change([this] {
        begin_lines(now_());
        ++pending_.dropped;
    });
}

void line_queue::request_reopen()
{
    change([this] {
        if (pending_.reopen) return;
        std::swap(pending_.old_lines, pending_.lines);
        pending_.old_lines_at = pending_.lines_at;
        pending_.reopened_at = pending_.lines_at = now_();
        pending_.reopen = true;
    });
}

bool line_queue::take(batch& done, time end)
{
    clear(done);
    std::unique_lock lock{mutex_};
    auto const is_ready = [this] { return closed_ || !pending_.is_empty(); };
    if (end == time::max()) {
        changed_.wait(lock, is_ready);
    } else {
        changed_.wait_until(lock, end, is_ready);
    }
    std::swap(done, pending_);
    if (done.is_empty()) done.lines_at = now_();  // of what the thread may have to say itself
    return !done.is_empty() || !closed_;
}

void line_queue::close()
{
    change([this] { closed_ = true; });
}

}  // namespace porter::detail::log
