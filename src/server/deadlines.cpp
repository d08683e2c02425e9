#include "server/deadlines.hpp"

#include <utility>

namespace porter::rooms::server {

deadlines::deadlines(options const& rules) : rules_(rules), heard_at_(std::chrono::steady_clock::now())
{
    access_.set(heard_at_ + rules.login_grace);
}

void deadlines::start_waiting(frame_decoder const& decoder)
{
    if (!decoder.partial()) return;
    auto const allowed = rules_.frame_time + std::chrono::seconds{decoder.expected() / frame_bytes_per_second};
    waiting_since_ = std::chrono::steady_clock::now();
    frame_.set(waiting_since_ + allowed - waited_);
}

void deadlines::stop_waiting()
{
    if (!frame_.is_set()) return;
    waited_ += std::chrono::steady_clock::now() - waiting_since_;
    frame_.clear();
}

bool deadlines::tick(time_point now, std::size_t unsent)
{
    if (unsent == 0) {
        has_output_ = false;
    } else if (!std::exchange(has_output_, true) || unsent != unsent_) {
        progress_at_ = now;
    }
    unsent_ = unsent;
    // Whom we write to slowly is not read from: what he says meanwhile cannot be heard.
    if (heard_ || has_output_) heard_at_ = now;
    return std::exchange(heard_, false);
}

std::optional<ending> deadlines::missed(time_point now) const
{
    if (header_.passed(now)) return ending::by_us(code::timeout, "the PROXY header took too long");
    if (access_.passed(now)) return ending::by_us(code::timeout, "access took too long");
    if (frame_.passed(now)) return ending::by_us(code::timeout, "a frame took too long");
    if (has_output_ && now - progress_at_ >= rules_.output_time) return ending::by_us(code::slow_consumer);
    bool const may_be_idle = rules_.idle_timeout.count() == 0 || waits_for_access();
    if (!may_be_idle && now - heard_at_ >= rules_.idle_timeout) {
        return ending::by_us(code::idle, "nothing was heard for too long");
    }
    return std::nullopt;
}

}  // namespace porter::rooms::server
