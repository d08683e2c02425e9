#pragma once

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

/// A stream socket that can also send and receive whole messages (frames, see frame.hpp): everything that the stream
/// can do, and messages. `Stream` is any Asio stream class with an executor_type: TCP, local, TLS.
///
///     porter::message_socket<> socket{io};
///     socket.connect(endpoint);
///     co_await socket.send_text("hello");
///     std::string answer = co_await socket.receive_text();
///
/// Errors: what has a std::error_code parameter sets it (to success, too) and throws only std::bad_alloc; what has none
/// throws std::system_error. asio::error::eof: the peer ended between two messages; frame_errc::truncated: in the
/// middle of one; other frame_errc: what came or what was to be sent is no frame. Messages that came before an error
/// are received before it.
///
/// Concurrency: one coroutine may receive while another one sends; both run on the socket's executor, which is a single
/// thread or a strand. Messages may be queued at any time. Nobody may be receiving or sending when the socket is moved
/// or destroyed; error_code parameters live until the operation ends.
///
/// Cancellation (of the coroutine or by cancel()): ends with asio::error::operation_aborted and loses nothing: on a
/// plain socket, receiving and sending go on where they stopped. On a TLS stream, only close can follow. A coroutine
/// that was cancelled before throws at its next co_await, whatever it awaits: that is Asio's
/// (this_coro::throw_if_cancelled).
///
/// Reading raw bytes is for the time before the first receive: receives may read ahead.
template <typename Stream = asio::ip::tcp::socket>
class message_socket : public Stream {
public:
    using executor_type = typename Stream::executor_type;
    template <typename T = void>
    using awaitable = asio::awaitable<T, executor_type>;

    using Stream::Stream;
    explicit message_socket(Stream&& other) : Stream(std::move(other)) {}

    /// Waits for one message and gives a copy of it.
    awaitable<std::vector<std::byte>> receive();
    awaitable<std::vector<std::byte>> receive(std::error_code& error);
    /// The same as a string; whether it is UTF-8 is not checked.
    awaitable<std::string> receive_text();
    awaitable<std::string> receive_text(std::error_code& error);

    /// Waits until at least one message is here, for next() to give without waiting, or an error is.
    awaitable<> receive_some(std::error_code& error);

    /// The next message that is already here, without copying it; none when it is not whole yet, or with `error` set
    /// when it is refused (frame_errc). Valid until the next receive or read.
    std::optional<std::span<std::byte const>> next(std::error_code& error) noexcept { return decoder_.next(error); }

    /// Reads once, however much that gives: a message may be whole then or not. For those who watch their own
    /// deadlines.
    awaitable<> read_some(std::error_code& error);

    /// Sends one message. It is copied and queued by the call, so it may be a temporary; awaiting writes, with whatever
    /// else is queued. An empty one is frame_errc::empty_frame.
    awaitable<> send(std::span<std::byte const> message);
    awaitable<> send(std::span<std::byte const> message, std::error_code& error);
    awaitable<> send_text(std::string_view message);
    awaitable<> send_text(std::string_view message, std::error_code& error);

    /// Sends many messages (a range of what queue() takes) with as few writes as one.
    template <std::ranges::input_range Messages>
    awaitable<> send_all(Messages&& messages);

    /// Queues a message for the next flush() or send; copied, nothing is written yet. Throws std::system_error with
    /// frame_errc::empty_frame for an empty one. While a flush is under way it takes the message along.
    void queue(std::string_view message) { encoder_.add(message); }
    void queue(std::span<std::byte const> message) { encoder_.add(message); }
    void queue(std::initializer_list<std::span<std::byte const>> pieces) { encoder_.add(pieces); }

    /// Writes until nothing is queued. While another flush or send is under way it returns at once, with success:
    /// the other one writes these messages too, and its caller learns of an error. So a coroutine that sends much and
    /// wants to be slowed down by a slow peer should be the only one that sends, or watch encoder().size().
    awaitable<> flush();
    awaitable<> flush(std::error_code& error);

    /// What has been read and not yet received, and the limit for messages that are received.
    frame_decoder& decoder() noexcept { return decoder_; }
    frame_decoder const& decoder() const noexcept { return decoder_; }
    /// What is queued and not yet written.
    frame_encoder& encoder() noexcept { return encoder_; }
    frame_encoder const& encoder() const noexcept { return encoder_; }

    /// Gives back the memory of what is drained: for sockets that are quiet. Allowed at any time.
    void trim() noexcept;

    // The stream's own calls of the same names, for raw bytes. `error`: none or one std::error_code.
    template <typename Buffers, typename... Error>
    requires asio::is_mutable_buffer_sequence<Buffers>::value std::size_t receive(
        Buffers const& buffers, asio::socket_base::message_flags flags = 0, Error&... error)
    {
        return Stream::receive(buffers, flags, error...);
    }
    template <typename Buffers, typename... Error>
    requires asio::is_mutable_buffer_sequence<Buffers>::value std::size_t read_some(Buffers const& buffers,
                                                                                    Error&... error)
    {
        return Stream::read_some(buffers, error...);
    }
    template <typename Buffers, typename... Error>
    requires asio::is_const_buffer_sequence<Buffers>::value std::size_t send(Buffers const& buffers,
                                                                             asio::socket_base::message_flags flags = 0,
                                                                             Error&... error)
    {
        return Stream::send(buffers, flags, error...);
    }

private:
    template <typename Message>
    awaitable<Message> copy_next(std::error_code& error);
    template <typename Message>
    awaitable<Message> copy_next_or_throw();
    awaitable<> refuse(std::error_code why, std::error_code& error);

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
