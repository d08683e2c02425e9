#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <cstddef>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "porter/frame.hpp"

namespace porter {

/// A stream socket that can also send and receive whole messages (frames, see frame.hpp). `Stream` is any Asio stream
/// class with an executor_type: TCP, local, TLS.
///
///     porter::message_socket<> socket{io};
///     socket.connect(endpoint);
///     co_await socket.send_text("hello");
///     std::string reply = co_await socket.receive_text();
///
/// Errors: a call with a std::error_code parameter sets it (to success, too) and throws only std::bad_alloc; a call
/// without one throws std::system_error. asio::error::eof: the stream ended between two messages;
/// frame_errc::truncated: in the middle of one; other frame_errc: a message received or to be sent is not a valid
/// frame. Messages that arrived before an error are received before it.
///
/// Concurrency: one coroutine may receive while another one sends; both run on the socket's executor, which is a single
/// thread or a strand. Messages may be queued at any time. No operation may be pending when the socket is moved or
/// destroyed; error_code parameters must live until the operation ends.
///
/// Cancellation (of the coroutine or by cancel()): the operation ends with asio::error::operation_aborted and loses
/// nothing: on a plain socket, the next receive or send continues where it stopped. A TLS stream can only be closed
/// afterwards. A coroutine that was cancelled earlier throws at its next co_await, as Asio defines
/// (this_coro::throw_if_cancelled).
///
/// Read raw bytes only before the first receive: receives read ahead.
template <typename Stream = asio::ip::tcp::socket>
class message_socket : public Stream {
public:
    using executor_type = typename Stream::executor_type;
    template <typename T = void>
    using awaitable = asio::awaitable<T, executor_type>;

    using Stream::Stream;
    explicit message_socket(Stream&& other) : Stream(std::move(other)) {}

    /// Waits for one message and returns a copy.
    awaitable<std::vector<std::byte>> receive();
    awaitable<std::vector<std::byte>> receive(std::error_code& error);
    /// The same as a string; whether it is UTF-8 is not checked.
    awaitable<std::string> receive_text();
    awaitable<std::string> receive_text(std::error_code& error);

    /// Waits until next() can return at least one message, or until an error.
    awaitable<> receive_some(std::error_code& error);

    /// The next message that has already arrived, without a copy; none when it is incomplete, or with `error` set when
    /// it is invalid (frame_errc). Valid until the next receive or read.
    std::optional<std::span<std::byte const>> next(std::error_code& error) noexcept { return decoder_.next(error); }

    /// Reads once, which may or may not complete a message. For callers with their own deadlines.
    awaitable<> read_some(std::error_code& error);

    /// Sends one message. The call copies and queues it, so it may be a temporary; awaiting writes the whole queue. An
    /// empty one is frame_errc::empty_frame.
    awaitable<> send(std::span<std::byte const> message);
    awaitable<> send(std::span<std::byte const> message, std::error_code& error);
    awaitable<> send_text(std::string_view message);
    awaitable<> send_text(std::string_view message, std::error_code& error);

    /// Sends many messages (a range of what queue() takes) with as few writes as one.
    template <std::ranges::input_range Messages>
    awaitable<> send_all(Messages&& messages);

    /// Queues a copy of a message for the next flush() or send. A pending flush writes it, too. Throws
    /// std::system_error with frame_errc::empty_frame for an empty one.
    void queue(std::string_view message) { encoder_.add(message); }
    void queue(std::span<std::byte const> message) { encoder_.add(message); }
    void queue(std::initializer_list<std::span<std::byte const>> pieces) { encoder_.add(pieces); }

    /// Writes until the queue is empty. While another flush or send is pending it returns success at once: the pending
    /// one writes these messages, too, and its caller gets the error. So a coroutine that needs backpressure should be
    /// the only one that sends, or check encoder().size().
    awaitable<> flush();
    awaitable<> flush(std::error_code& error);

    /// The input that is not yet received, and the size limit of received messages.
    frame_decoder& decoder() noexcept { return decoder_; }
    frame_decoder const& decoder() const noexcept { return decoder_; }
    /// The output that is not yet written.
    frame_encoder& encoder() noexcept { return encoder_; }
    frame_encoder const& encoder() const noexcept { return encoder_; }

    /// Releases the memory of empty buffers, for idle sockets. Allowed at any time.
    void trim() noexcept;

    // The stream's calls of the same names, for raw bytes. `error`: none or one std::error_code.
    template <typename Buffers, typename... Error>
        requires asio::is_mutable_buffer_sequence<Buffers>::value
    std::size_t receive(Buffers const& buffers, asio::socket_base::message_flags flags = 0, Error&... error)
    {
        return Stream::receive(buffers, flags, error...);
    }
    template <typename Buffers, typename... Error>
        requires asio::is_mutable_buffer_sequence<Buffers>::value
    std::size_t read_some(Buffers const& buffers, Error&... error)
    {
        return Stream::read_some(buffers, error...);
    }
    template <typename Buffers, typename... Error>
        requires asio::is_const_buffer_sequence<Buffers>::value
    std::size_t send(Buffers const& buffers, asio::socket_base::message_flags flags = 0, Error&... error)
    {
        return Stream::send(buffers, flags, error...);
    }

private:
    template <typename Message>
    awaitable<Message> copy_next(std::error_code& error);
    template <typename Message>
    awaitable<Message> copy_next_or_throw();
    awaitable<> complete_with(std::error_code code, std::error_code& error);

    static auto into(std::error_code& error)
    {
        return asio::redirect_error(asio::use_awaitable_t<executor_type>{}, error);
    }

    frame_decoder decoder_;
    frame_encoder encoder_;
    bool flushing_ = false;
};

}  // namespace porter

#include "porter/detail/message_socket.hpp"
