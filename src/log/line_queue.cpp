#include "log/line_queue.hpp"

#include <utility>

namespace porter::rooms::log {
namespace {

/// Memory of an empty text that is kept for the next lines: some hundreds of them. What a burst took beyond is given
/// back.
constexpr std::size_t kept_bytes = 64 * 1024;

void clear(line_queue::batch& done)
{
    done.reopen = false;
    done.lines.clear();
    if (done.lines.capacity() > kept_bytes) done.lines.shrink_to_fit();
    done.dropped = 0;
}

}  // namespace

/// Whoever finds nothing waiting wakes the thread; whoever comes before it has got up costs no system call.
template <typename Change>
void line_queue::change(Change apply)
{
    std::unique_lock lock{mutex_};
    bool const may_sleep = waiting_.is_empty();
    apply();
    lock.unlock();
    if (may_sleep) changed_.notify_one();
}

void line_queue::push(std::string_view line)
{
    change([this, line] {
        // Behind a dropped line none is taken either, be it short enough: the gap stays in one place.
        if (waiting_.dropped > 0 || waiting_.lines.size() + line.size() > limit_) {
            ++waiting_.dropped;
        } else {
            waiting_.lines += line;
        }
    });
}

void line_queue::drop()
{
    change([this] { ++waiting_.dropped; });
}

void line_queue::request_reopen()
{
    change([this] { waiting_.reopen = true; });
}

bool line_queue::take(batch& done)
{
    clear(done);
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return closed_ || !waiting_.is_empty(); });
    std::swap(done, waiting_);
    return !done.is_empty();
}

void line_queue::close()
{
    change([this] { closed_ = true; });
}

}  // namespace porter::rooms::log
