#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "porter/detail/blocking_deadline.hpp"
#include "porter/detail/framed_stream.hpp"
#include "porter/frame.hpp"
#include "porter/result.hpp"

namespace porter {

/// A stream socket that can also send and receive whole messages (frames, see frame.hpp): each call blocks its thread
/// until it is done. Nothing runs the io_context, and no coroutine is needed. `Stream` is any Asio stream class that
/// blocks: TCP, local, asio::ssl::stream. Its frames are those of message_socket.
///
///     asio::io_context io;
///     porter::blocking_message_socket<> socket{io};
///     socket.connect(endpoint);
///     socket.send("hello");
///     std::string reply = socket.receive_text();
///
/// Errors: a call with a std::error_code parameter sets it (to success, too) and throws only std::bad_alloc; a call
/// without one throws std::system_error. asio::error::eof: the stream ended between two messages;
/// frame_errc::truncated: in the middle of one (asio::ssl::error::stream_truncated: without TLS's close_notify); other
/// frame_errc: a message received or to be sent is not a valid frame; others are the stream's. Messages that arrived
/// before an error are received before it.
///
/// After interrupted (a signal) and would_block (the socket is non-blocking) nothing is lost: the next call goes on
/// where this one stopped. Over asio::ssl that holds for receives; after a send that failed, the stream can only be
/// closed.
///
/// Cancellation: none. A shutdown() of the socket by another thread ends a receive.
///
/// Threads: over TCP and local sockets one thread may receive while another one sends. Otherwise, and over
/// asio::ssl::stream in any case, one thread at a time.
///
/// Lifetime: views that next() returns are valid until the next receive. Messages that are sent are copied.
template <typename Stream = asio::ip::tcp::socket>
class blocking_message_socket : public detail::framed_stream<Stream> {
    using base = detail::framed_stream<Stream>;

public:
    using base::base;
    /// Takes a stream, on which nothing is pending.
    explicit blocking_message_socket(Stream&& connected) : base(std::move(connected)) {}

    ///@{
    /// Waits for one message and returns a copy; an empty one with an error.
    std::vector<std::byte> receive() { return copy_next_or_throw<std::vector<std::byte>>(); }
    std::vector<std::byte> receive(std::error_code& error) { return copy_next<std::vector<std::byte>>(error); }
    ///@}
    ///@{
    /// The same as a string; whether it is UTF-8 is not checked.
    std::string receive_text() { return copy_next_or_throw<std::string>(); }
    std::string receive_text(std::error_code& error) { return copy_next<std::string>(error); }
    ///@}

    ///@{
    /// Waits until next() can return at least one message, or until an error.
    void receive_some();
    void receive_some(std::error_code& error);
    ///@}

    ///@{
    /// The same for at most `limit`; the error is asio::error::timed_out when the time is over. Nothing is lost then,
    /// also if a message has arrived in part: the next receive goes on. A limit of 0 or less: only what has arrived; a
    /// message that takes several reads may take several calls. Errors are values; only std::bad_alloc is thrown. The
    /// stream's lowest_layer() is a socket; over asio::ssl it is non-blocking during the call.
    result<std::vector<std::byte>, std::error_code> receive_for(std::chrono::nanoseconds limit)
    {
        return copy_next_for<std::vector<std::byte>>(limit);
    }
    result<std::string, std::error_code> receive_text_for(std::chrono::nanoseconds limit)
    {
        return copy_next_for<std::string>(limit);
    }
    result<void, std::error_code> receive_some_for(std::chrono::nanoseconds limit);
    ///@}

    ///@{
    /// Sends one message, after those in the queue: queue() and flush().
    void send(std::string_view message) { queue_and_flush(message); }
    void send(std::span<std::byte const> message) { queue_and_flush(message); }
    void send(asio::const_buffer message) { queue_and_flush(message); }
    void send(std::string_view message, std::error_code& error) { queue_and_flush(message, error); }
    void send(std::span<std::byte const> message, std::error_code& error) { queue_and_flush(message, error); }
    void send(asio::const_buffer message, std::error_code& error) { queue_and_flush(message, error); }
    ///@}

    /// Sends many messages (a range of what queue() takes) with as few writes as one.
    template <std::ranges::input_range Messages>
    void send_all(Messages&& messages);

    ///@{
    /// Writes until the queue is empty. After an error, what was not written stays queued.
    void flush();
    void flush(std::error_code& error);
    ///@}

    // Deleted for raw bytes.
    using base::receive;
    using base::send;

private:
    using base::decoder_;
    using base::encoder_;
    static constexpr bool is_layered = requires { typename Stream::next_layer_type; };

    template <typename Message>
    Message copy_next(std::error_code& error);
    template <typename Message>
    Message copy_next_or_throw();
    template <typename Message>
    result<Message, std::error_code> copy_next_for(std::chrono::nanoseconds limit);
    result<void, std::error_code> receive_before(detail::blocking_deadline const& end);
    template <typename Message>
    void queue_and_flush(Message message);
    template <typename Message>
    void queue_and_flush(Message message, std::error_code& error);
};

template <typename Stream>
void blocking_message_socket<Stream>::receive_some(std::error_code& error)
{
    while (!decoder_.ready(error)) {
        if (error) return;
        auto const space = this->prepare_read();
        auto const size = Stream::read_some(space, error);
        this->commit_read(size, error);
        if (error) return;
    }
}

template <typename Stream>
void blocking_message_socket<Stream>::receive_some()
{
    std::error_code error;
    receive_some(error);
    if (error) throw std::system_error(error);
}

/// A stream above another one, such as asio::ssl, may have read input that it has not yet returned, and one read of it
/// may take several of the socket. So the socket must not block, and is waited for only when it would. A plain socket
/// is waited for before each read instead: another thread may be sending on it, in the mode that it is in.
template <typename Stream>
result<void, std::error_code> blocking_message_socket<Stream>::receive_some_for(std::chrono::nanoseconds limit)
{
    detail::blocking_deadline const end{limit};
    if constexpr (is_layered) {
        std::error_code error;
        detail::non_blocking_guard const mode{this->lowest_layer(), error};
        if (error) return unexpected(error);
        return receive_before(end);
    } else {
        return receive_before(end);
    }
}

template <typename Stream>
result<void, std::error_code> blocking_message_socket<Stream>::receive_before(detail::blocking_deadline const& end)
{
    bool must_wait = !is_layered;
    bool is_last = false;  // the read before was the last one: the peer may send bytes without end
    for (std::error_code error;;) {
        if (decoder_.ready(error)) return {};
        if (!error && is_last) error = asio::error::timed_out;
        is_last = end.is_expired();
        if (!error && must_wait) error = end.wait_for_input(this->lowest_layer().native_handle());
        if (error) return unexpected(error);

        auto const space = this->prepare_read();
        auto const size = Stream::read_some(space, error);
        this->commit_read(size, error);
        bool const is_blocked = is_layered && error == asio::error::would_block;
        if (error && !is_blocked) return unexpected(error);
        must_wait = !is_layered || is_blocked;
    }
}

template <typename Stream>
template <typename Message>
result<Message, std::error_code> blocking_message_socket<Stream>::copy_next_for(std::chrono::nanoseconds limit)
{
    auto const received = receive_some_for(limit);
    if (!received) return unexpected(received.error());
    std::error_code error;
    return base::template copy_of<Message>(*decoder_.next(error));
}

template <typename Stream>
template <typename Message>
Message blocking_message_socket<Stream>::copy_next(std::error_code& error)
{
    receive_some(error);
    if (error) return {};
    return base::template copy_of<Message>(*decoder_.next(error));
}

template <typename Stream>
template <typename Message>
Message blocking_message_socket<Stream>::copy_next_or_throw()
{
    receive_some();
    std::error_code error;
    return base::template copy_of<Message>(*decoder_.next(error));
}

template <typename Stream>
void blocking_message_socket<Stream>::flush(std::error_code& error)
{
    error.clear();
    while (!encoder_.empty() && !error) {
        auto const size = Stream::write_some(this->pending_output(), error);
        encoder_.consume(size);
    }
}

template <typename Stream>
void blocking_message_socket<Stream>::flush()
{
    std::error_code error;
    flush(error);
    if (error) throw std::system_error(error);
}

template <typename Stream>
template <typename Message>
void blocking_message_socket<Stream>::queue_and_flush(Message message)
{
    this->queue(message);
    flush();
}

template <typename Stream>
template <typename Message>
void blocking_message_socket<Stream>::queue_and_flush(Message message, std::error_code& error)
{
    try {
        this->queue(message);
    } catch (std::system_error const& invalid) {
        error = invalid.code();
        return;
    }
    flush(error);
}

template <typename Stream>
template <std::ranges::input_range Messages>
void blocking_message_socket<Stream>::send_all(Messages&& messages)
{
    for (auto&& message : messages) this->queue(message);
    flush();
}

}  // namespace porter
