#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "client/receive_pacer.hpp"
#include "client/receive_queue.hpp"
#include "porter/connection.hpp"

namespace porter::detail::client {

/// The messages that have arrived and were not received yet, and what follows from their memory: below
/// client_options::receive_buffer the client reads freely, above it at the pace of a receive_pacer, and from
/// client_options::max_receive_buffer on not at all, until messages are received.
class receive_window {
public:
    using time_point = receive_pacer::time_point;

    /// How long a window that was full explains a lost connection.
    static constexpr std::chrono::minutes fullness_time{1};

    /// The limits of client_options, in bytes. A maximum below `receive_buffer` is the same as `receive_buffer`.
    receive_window(std::size_t receive_buffer, std::size_t max_receive_buffer) noexcept;

    bool empty() const noexcept { return queue_.empty(); }

    /// The memory of the messages, in bytes, with an overhead for each.
    std::size_t size() const noexcept { return queue_.size(); }

    void push(message_kind kind, std::string_view body) { queue_.push(kind, body); }

    struct popped {
        message const& oldest;  ///< valid until the next pop()
        bool resumes_reading;   ///< a reader that waits for end_of_pause() must ask again
    };

    /// Takes the oldest message. There must be one. `now` returns the time, and is called only when the window has
    /// become less than full.
    template <typename Now>
    popped pop(Now const& now)
    {
        bool const was_full = is_full();
        bool const was_limited = is_limited();
        auto const& oldest = queue_.pop();
        bool const is_full_no_more = was_full && !is_full();
        if (is_full_no_more) explains_until_ = now() + fullness_time;
        return {oldest, is_full_no_more || (was_limited && !is_limited())};
    }

    /// Whether nothing more may be read.
    bool is_full() const noexcept { return size() >= max_receive_buffer_; }

    /// Whether end_of_pause() may be in the future; otherwise there is no need to ask.
    bool is_limited() const noexcept { return size() >= receive_buffer_; }

    /// When the next read may begin. None: now; max: when pop() resumes reading. `is_reply_awaited`: messages may be in
    /// front of the reply, so only a full window prevents reading. `kernel_buffer`: see receive_pacer.
    std::optional<time_point> end_of_pause(time_point now, bool is_reply_awaited, std::size_t kernel_buffer);

    /// Counts bytes that were read. `is_reply_awaited`: when the read has ended.
    void on_read(std::size_t bytes, bool is_reply_awaited) noexcept
    {
        if (is_limited() && !is_reply_awaited) pacer_.add(bytes);
    }

    /// Why a connection that is lost now was lost: the window is full, or was a short time ago. None: for another
    /// reason. A server closes the connection of a client that does not read (slow_consumer).
    std::optional<std::string> loss_reason(time_point now) const;

private:
    std::size_t const receive_buffer_;
    std::size_t const max_receive_buffer_;
    receive_queue queue_;
    receive_pacer pacer_;
    time_point explains_until_ = time_point::min();  // the window was full at most fullness_time before
};

}  // namespace porter::detail::client
