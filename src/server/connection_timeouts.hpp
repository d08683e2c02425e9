#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "porter/frame.hpp"
#include "server/close_reason.hpp"
#include "server/options.hpp"
#include "server/output_rate.hpp"

namespace porter::detail::server {

/// A time, or none.
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

/// The times by which a peer must have acted. They are looked at once a tick, so that no timer is armed for a message.
class connection_timeouts {
public:
    using time_point = deadline::time_point;

    /// `rules` outlives this. The time for access begins now.
    explicit connection_timeouts(server::options const& options);

    server::options const& options() const noexcept { return options_; }
    time_point begun() const noexcept { return begun_; }

    /// A PROXY header must come now.
    void start_proxy_header() { header_.set(std::chrono::steady_clock::now() + options_.opening_time); }
    void stop_proxy_header() noexcept { header_.clear(); }

    bool is_access_pending() const noexcept { return access_.is_set(); }
    void stop_access() noexcept { access_.clear(); }

    /// We wait for more bytes, and are done with that. If the decoder holds a part of a frame, the time for the rest of
    /// it runs in between only: not while the peer takes our output slowly, and not while the service is busy.
    void start_read(frame_decoder const& decoder);
    void stop_read();
    void on_frame() noexcept { frame_wait_ = {}; }
    void on_activity() noexcept { active_ = true; }

    /// Everything was written.
    void on_written() noexcept { output_.reset(); }

    /// Once a tick, while a write waits to hand `queued` bytes to the system.
    void watch_output(time_point now, std::size_t queued, output_position position);

    /// Once a tick, last. Whether anything was heard since the last one.
    bool tick(time_point now);

    /// Since when the peer has been keeping us waiting for the rest of a frame, or to take what is pending;
    /// time_point::max(): it does not.
    time_point slow_since() const noexcept;

    /// How the connection ends because of what is not there in time.
    std::optional<close_reason> expired(time_point now) const;

private:
    server::options const& options_;
    time_point const begun_;
    deadline header_;
    deadline access_;
    deadline frame_;
    time_point read_started_at_{};
    std::chrono::steady_clock::duration frame_wait_{};  // for the rest of the frame that is half here
    time_point active_at_;                              // of the last tick that found `heard_`
    std::unique_ptr<output_rate> output_;               // none: nothing is pending, as nearly always
    bool active_ = false;
};

}  // namespace porter::detail::server
