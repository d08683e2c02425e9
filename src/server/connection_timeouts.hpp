#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "base/published.hpp"
#include "porter/frame.hpp"
#include "server/close_reason.hpp"
#include "server/options.hpp"
#include "server/output_rate.hpp"

namespace porter::detail::server {

/// A point in time, or none.
class deadline {
public:
    using time_point = std::chrono::steady_clock::time_point;

    void set(time_point at) noexcept { at_ = at; }
    void clear() noexcept { at_ = time_point::max(); }
    bool is_set() const noexcept { return at_ != time_point::max(); }
    bool passed(time_point now) const noexcept { return now >= at_; }

private:
    time_point at_ = time_point::max();
};

/// The deadlines of a connection's peer. They are checked once a tick, so that no message needs a timer.
class connection_timeouts {
public:
    using time_point = deadline::time_point;

    /// `options` outlives this; times that it replaces hold from then on. The access timeout starts now.
    explicit connection_timeouts(base::published<server::options> const& options);

    server::options const& options() const noexcept { return *options_; }
    time_point started_at() const noexcept { return started_at_; }

    /// Starts the timeout of the PROXY header.
    void start_proxy_header() { header_.set(std::chrono::steady_clock::now() + options_->proxy_header_time); }
    void stop_proxy_header() noexcept { header_.clear(); }

    bool is_access_pending() const noexcept { return access_.is_set(); }
    void stop_access() noexcept { access_.clear(); }

    /// Whether --idle-timeout is set and its time runs.
    bool watches_silence() const noexcept { return options_->idle_timeout.count() != 0 && !is_access_pending(); }

    /// A read starts, or has ended. The timeout of an incomplete frame in the decoder runs during reads only: not while
    /// output is pending, and not while the service is busy.
    void start_read(frame_decoder const& decoder);
    void stop_read();
    void on_frame() noexcept { frame_wait_ = {}; }
    void on_activity() noexcept { active_ = true; }

    /// The sending side was shut down: from now on the peer must send something each options::half_closed_time.
    void on_sending_ended() noexcept
    {
        is_sending_ended_ = true;
        active_ = true;
    }

    /// All output was written.
    void on_written() noexcept { output_.reset(); }

    /// Once a tick, while a write of `queued` bytes waits for the socket.
    void watch_output(time_point now, std::size_t queued, output_position position);

    /// Once a tick, after watch_output(). Whether the peer has sent something since the last tick.
    bool tick(time_point now);

    /// Since when the server has waited for the rest of a frame or for output to be read; time_point::max(): it does
    /// not wait.
    time_point slow_since() const noexcept;

    /// The close reason, if a timeout has expired.
    std::optional<close_reason> expired(time_point now) const;

private:
    base::published<server::options> const& options_;
    time_point const started_at_;
    deadline header_;
    deadline access_;
    deadline frame_;
    time_point read_started_at_{};
    std::chrono::steady_clock::duration frame_wait_{};  // the time of earlier reads of the incomplete frame
    time_point active_at_;                              // the last tick that found `active_`
    std::unique_ptr<output_rate> output_;               // null: no write waits
    bool active_ = false;
    bool is_sending_ended_ = false;
};

}  // namespace porter::detail::server
