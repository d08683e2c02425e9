#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/basic_waitable_timer.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/wait_traits.hpp>
#include <chrono>
#include <memory>
#include <system_error>

#include "porter/detail/time_after.hpp"

namespace porter::detail {

/// Cancels the reads of one coroutine at a deadline. The timer's handler may run after this object has ended, so it
/// shares the state.
template <typename Executor>
class read_deadline {
    using clock = std::chrono::steady_clock;

public:
    read_deadline(Executor const& executor, std::chrono::nanoseconds limit) : state_(std::make_shared<state>(executor))
    {
        state_->timer.expires_at(time_after(limit));
        state_->timer.async_wait([shared = state_](std::error_code const& cancelled) {
            if (cancelled || !shared->is_armed) return;
            shared->is_expired = true;
            shared->read.emit(asio::cancellation_type::terminal);
        });
    }
    ~read_deadline()
    {
        state_->is_armed = false;
        state_->timer.cancel();
    }
    read_deadline(read_deadline const&) = delete;
    read_deadline& operator=(read_deadline const&) = delete;

    bool is_expired() const noexcept { return state_->is_expired; }

    /// The slot for one read, which ends at the deadline or when the slot of its coroutine is emitted.
    asio::cancellation_slot slot_of_read(asio::cancellation_slot coroutine)
    {
        // Asio clears the coroutine's slot whenever an operation completes.
        if (coroutine.is_connected()) {
            coroutine.assign([shared = state_](asio::cancellation_type type) {
                if (shared->is_armed) shared->read.emit(type);
            });
        }
        return state_->read.slot();
    }

private:
    struct state {
        explicit state(Executor const& executor) : timer(executor) {}

        asio::basic_waitable_timer<clock, asio::wait_traits<clock>, Executor> timer;
        asio::cancellation_signal read;
        bool is_armed = true;
        bool is_expired = false;
    };

    std::shared_ptr<state> state_;
};

}  // namespace porter::detail
