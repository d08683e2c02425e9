#include "log/line_queue.hpp"

#include <utility>

namespace porter::detail::log {
namespace {

/// The capacity that an empty string keeps: some hundreds of lines. The memory of a burst beyond it is freed.
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

/// Only the caller that finds the queue empty wakes the thread; the next callers make no system call until it has run.
template <typename Change>
void line_queue::change(Change apply)
{
    std::unique_lock lock{mutex_};
    bool const may_sleep = pending_.is_empty();
    apply();
    lock.unlock();
    if (may_sleep) changed_.notify_one();
}

/// A batch has the time of its first line, or of the first that is dropped.
void line_queue::begin_lines(line_time now)
{
    if (pending_.lines.empty() && pending_.dropped == 0) pending_.lines_at = now;
}

void line_queue::push(event_line const& line)
{
    change([this, &line] {
        auto const now = now_();
        begin_lines(now);
        // After a dropped line every line of the batch is dropped, even if it fits, so that there is one gap.
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
    if (done.is_empty()) done.lines_at = now_();  // for lines of the writer itself
    return !done.is_empty() || !closed_;
}

void line_queue::close()
{
    change([this] { closed_ = true; });
}

}  // namespace porter::detail::log
