#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/awaitable.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "porter/detail/framed_stream.hpp"
#include "porter/detail/read_deadline.hpp"
#include "porter/frame.hpp"
#include "porter/result.hpp"
#include "porter/task.hpp"

namespace porter {

/// A stream socket that can also send and receive whole messages (frames, see frame.hpp), with coroutines. `Stream` is
/// any Asio stream class with an executor_type: TCP, local, asio::ssl::stream. Threads without coroutines use
/// blocking_message_socket.
///
///     porter::message_socket<> socket{io};
///     socket.connect(endpoint);
///     co_await socket.send("hello");
///     std::string reply = co_await socket.receive_text();
///
/// Errors: a call with a std::error_code parameter sets it (to success, too) and throws only std::bad_alloc; a call
/// without one throws std::system_error. asio::error::eof: the stream ended between two messages;
/// frame_errc::truncated: in the middle of one (asio::ssl::error::stream_truncated: without TLS's close_notify); other
/// frame_errc: a message received or to be sent is not a valid frame; others are the stream's. Messages that arrived
/// before an error are received before it.
///
/// Threads: one coroutine may receive while another one sends; both run on the socket's executor, which is a single
/// thread or a strand. Every call is made there, too. A second receive at the same time is not allowed and not
/// detected.
///
/// Lifetime: no operation may be pending when the socket is moved or destroyed; error_code parameters must live until
/// the operation ends. Messages that are sent are copied before the call returns.
///
/// Cancellation (of the coroutine, by cancel(), by a deadline or by Asio's operator ||) ends a receive with
/// asio::error::operation_aborted or timed_out and loses nothing: the next receive continues where it stopped, in the
/// middle of a frame or of a TLS record. Over asio::ssl this needs a TLS connection that never writes while it reads,
/// as in TLS 1.3 without post-handshake authentication, or TLS 1.2 with SSL_OP_NO_RENEGOTIATION. A cancelled flush or
/// send continues with the next one; over asio::ssl the stream can only be closed afterwards. A coroutine that was
/// cancelled earlier throws at its next co_await, as Asio defines (this_coro::throw_if_cancelled).
template <typename Stream = asio::ip::tcp::socket>
class message_socket : public detail::framed_stream<Stream> {
    using base = detail::framed_stream<Stream>;

public:
    using executor_type = typename Stream::executor_type;  ///< that of the stream
    /// What the operations return: awaited by coroutines on the stream's executor.
    template <typename T = void>
    using awaitable = asio::awaitable<T, executor_type>;

    using base::base;
    /// Takes a stream, on which nothing is pending.
    explicit message_socket(Stream&& connected) : base(std::move(connected)) {}

    ///@{
    /// Waits for one message and returns a copy.
    awaitable<std::vector<std::byte>> receive();
    awaitable<std::vector<std::byte>> receive(std::error_code& error);
    ///@}
    ///@{
    /// The same as a string; whether it is UTF-8 is not checked.
    awaitable<std::string> receive_text();
    awaitable<std::string> receive_text(std::error_code& error);
    ///@}
    ///@{
    /// Waits until next() can return at least one message, or until an error.
    awaitable<> receive_some();
    awaitable<> receive_some(std::error_code& error);
    ///@}

    ///@{
    /// The same for at most `limit` from the moment when they are awaited; the error is asio::error::timed_out when the
    /// time is over. Nothing is lost then, also if a message has arrived in part: the next receive goes on. A limit of
    /// 0 or less: only what has arrived; a message that takes several reads may take several calls. Errors are values;
    /// only std::bad_alloc is thrown.
    awaitable<result<std::vector<std::byte>, std::error_code>> receive_for(std::chrono::nanoseconds limit);
    awaitable<result<std::string, std::error_code>> receive_text_for(std::chrono::nanoseconds limit);
    awaitable<result<void, std::error_code>> receive_some_for(std::chrono::nanoseconds limit);
    ///@}

    /// Reads once, which may or may not complete a message.
    awaitable<> read_some(std::error_code& error);

    ///@{
    /// Sends one message: the call itself queues a copy, see queue(), so it may be a temporary, and awaiting it writes
    /// the whole queue, see flush(). Without an error_code the call throws what queue() throws.
    awaitable<> send(std::string_view message) { return queue_and_flush(message); }
    awaitable<> send(std::span<std::byte const> message) { return queue_and_flush(message); }
    awaitable<> send(asio::const_buffer message) { return queue_and_flush(message); }
    awaitable<> send(std::string_view message, std::error_code& error) { return queue_and_flush(message, error); }
    awaitable<> send(std::span<std::byte const> message, std::error_code& error)
    {
        return queue_and_flush(message, error);
    }
    awaitable<> send(asio::const_buffer message, std::error_code& error) { return queue_and_flush(message, error); }
    ///@}

    /// Sends many messages (a range of what queue() takes) with as few writes as one.
    template <std::ranges::input_range Messages>
    awaitable<> send_all(Messages&& messages);

    ///@{
    /// Writes until the queue is empty. While another flush or send is pending it returns success at once: the pending
    /// one writes these messages, too, and its caller gets the error. So a coroutine that needs backpressure should be
    /// the only one that sends, or check encoder().size(). After an error, what was not written stays queued.
    awaitable<> flush();
    awaitable<> flush(std::error_code& error);
    ///@}

    // Deleted for raw bytes.
    using base::read_some;
    using base::receive;
    using base::send;

private:
    using base::decoder_;
    using base::encoder_;
    using deadline = detail::read_deadline<executor_type>;

    awaitable<> read_some(std::error_code& error, deadline& until);
    template <typename Message>
    awaitable<Message> copy_next(std::error_code& error);
    template <typename Message>
    awaitable<Message> copy_next_or_throw();
    template <typename Message>
    awaitable<result<Message, std::error_code>> copy_next_for(std::chrono::nanoseconds limit);

    template <typename Message>
    awaitable<> queue_and_flush(Message message);
    template <typename Message>
    awaitable<> queue_and_flush(Message message, std::error_code& error);
    awaitable<> complete_with(std::error_code code, std::error_code& error);

    static auto into(std::error_code& error)
    {
        return asio::redirect_error(asio::use_awaitable_t<executor_type>{}, error);
    }

    bool flushing_ = false;
};

/// The message_socket of a `task`, over TCP: `co_await socket.receive()` works there.
using tcp_message_socket = message_socket<asio::basic_stream_socket<asio::ip::tcp, io_executor>>;

}  // namespace porter

#include "porter/detail/message_socket.hpp"
