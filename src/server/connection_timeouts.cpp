#include "server/connection_timeouts.hpp"

#include <algorithm>
#include <utility>

namespace porter::detail::server {

connection_timeouts::connection_timeouts(base::published<server::options> const& options)
    : options_(options), started_at_(std::chrono::steady_clock::now()), active_at_(started_at_)
{
    access_.set(started_at_ + options->login_grace);
}

void connection_timeouts::start_read(frame_decoder const& decoder)
{
    if (!decoder.partial()) return;
    auto const allowed = options_->frame_time + time_at(options_->slowest_rate, decoder.expected());
    read_started_at_ = std::chrono::steady_clock::now();
    frame_.set(read_started_at_ + allowed - frame_wait_);
}

void connection_timeouts::stop_read()
{
    if (!frame_.is_set()) return;
    frame_wait_ += std::chrono::steady_clock::now() - read_started_at_;
    frame_.clear();
}

void connection_timeouts::watch_output(time_point now, std::size_t queued, output_position position)
{
    if (output_) {
        output_->update(now, queued, position);
    } else {
        output_ = std::make_unique<output_rate>(now, queued, position, options_->output_time, options_->slowest_rate);
    }
}

bool connection_timeouts::tick(time_point now)
{
    // The connection is not read while output is pending, so the idle timer must not run.
    if (active_ || output_) active_at_ = now;
    return std::exchange(active_, false);
}

connection_timeouts::time_point connection_timeouts::slow_since() const noexcept
{
    auto const never = time_point::max();
    return std::min(output_ ? output_->started_at() : never, frame_.is_set() ? read_started_at_ - frame_wait_ : never);
}

std::optional<close_reason> connection_timeouts::expired(time_point now) const
{
    if (header_.passed(now)) return close_reason::local(code::timeout, "the PROXY header took too long");
    if (access_.passed(now)) return close_reason::local(code::timeout, "access took too long");
    if (frame_.passed(now)) return close_reason::local(code::timeout, "a frame took too long");
    if (output_ && output_->has_stalled(now)) {
        return close_reason::local(code::slow_consumer, "no output was taken for too long");
    }
    if (output_ && output_->is_late(now))
        return close_reason::local(code::slow_consumer, "output was taken too slowly");
    if (is_sending_ended_ && !active_ && now - active_at_ >= options_->half_closed_time) {
        return close_reason::local(code::timeout, "nothing was received for too long after the end of the output");
    }
    if (watches_silence() && now - active_at_ >= options_->idle_timeout) {
        return close_reason::local(code::idle, "nothing was received for too long");
    }
    return std::nullopt;
}

}  // namespace porter::detail::server
