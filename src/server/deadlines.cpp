#include "server/deadlines.hpp"

#include <algorithm>
#include <utility>

namespace porter::rooms::server {

deadlines::deadlines(options const& rules) : rules_(rules), begun_(std::chrono::steady_clock::now()), heard_at_(begun_)
{
    access_.set(begun_ + rules.login_grace);
}

void deadlines::start_waiting(frame_decoder const& decoder)
{
    if (!decoder.partial()) return;
    auto const allowed = rules_.frame_time + time_at(rules_.slowest_rate, decoder.expected());
    waiting_since_ = std::chrono::steady_clock::now();
    frame_.set(waiting_since_ + allowed - waited_);
}

void deadlines::stop_waiting()
{
    if (!frame_.is_set()) return;
    waited_ += std::chrono::steady_clock::now() - waiting_since_;
    frame_.clear();
}

void deadlines::watch_output(time_point now, std::size_t queued, output_position position)
{
    if (output_) {
        output_->update(now, queued, position);
    } else {
        output_ = std::make_unique<output_pace>(now, queued, position, rules_.output_time, rules_.slowest_rate);
    }
}

bool deadlines::tick(time_point now)
{
    // While output is pending nothing is read, so the idle time must not run.
    if (heard_ || output_) heard_at_ = now;
    return std::exchange(heard_, false);
}

deadlines::time_point deadlines::slow_since() const noexcept
{
    auto const never = time_point::max();
    return std::min(output_ ? output_->since() : never, frame_.is_set() ? waiting_since_ - waited_ : never);
}

std::optional<ending> deadlines::missed(time_point now) const
{
    if (header_.passed(now)) return ending::by_us(code::timeout, "the PROXY header took too long");
    if (access_.passed(now)) return ending::by_us(code::timeout, "access took too long");
    if (frame_.passed(now)) return ending::by_us(code::timeout, "a frame took too long");
    if (output_ && output_->has_stalled(now)) {
        return ending::by_us(code::slow_consumer, "no output was taken for too long");
    }
    if (output_ && output_->is_late(now)) return ending::by_us(code::slow_consumer, "output was taken too slowly");
    bool const may_be_idle = rules_.idle_timeout.count() == 0 || waits_for_access();
    if (!may_be_idle && now - heard_at_ >= rules_.idle_timeout) {
        return ending::by_us(code::idle, "nothing was heard for too long");
    }
    return std::nullopt;
}

}  // namespace porter::rooms::server
