#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/socket_base.hpp>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "porter/frame.hpp"

namespace porter::detail {

/// A stream, the decoder of its input and the encoder of its output: what message_socket and blocking_message_socket
/// have in common.
template <typename Stream>
class framed_stream : public Stream {
public:
    using Stream::Stream;
    /// Takes a stream, on which nothing is pending.
    explicit framed_stream(Stream&& connected) : Stream(std::move(connected)) {}

    ///@{
    /// Queues a copy of a message for the next flush() or send(); a pending flush writes it, too. Never suspends or
    /// blocks. Throws std::system_error for an empty message (frame_errc::empty_frame) or one of 4 GiB and more
    /// (frame_too_large), and then queues nothing. A buffer is a span of bytes: one message.
    void queue(std::string_view message) { encoder_.add(message); }
    void queue(std::span<std::byte const> message) { encoder_.add(message); }
    void queue(asio::const_buffer message) { encoder_.add(bytes_of(message)); }
    ///@}
    /// One message in pieces.
    void queue(std::initializer_list<std::span<std::byte const>> pieces) { encoder_.add(pieces); }

    /// The next message that has already arrived, without a copy; none when it is incomplete, or with `error` set when
    /// it is invalid (frame_errc). Valid until the next receive or trim().
    std::optional<std::span<std::byte const>> next(std::error_code& error) noexcept { return decoder_.next(error); }

    /// Frees the memory of empty buffers, for idle sockets. Allowed at any time.
    void trim() noexcept
    {
        decoder_.trim();
        encoder_.trim();
    }

    ///@{
    /// The input that is not yet received, and the size limit of received messages (default_max_frame).
    frame_decoder& decoder() noexcept { return decoder_; }
    frame_decoder const& decoder() const noexcept { return decoder_; }
    ///@}
    ///@{
    /// The output that is not yet written.
    frame_encoder& encoder() noexcept { return encoder_; }
    frame_encoder const& encoder() const noexcept { return encoder_; }
    ///@}

    ///@{
    /// The stream itself, for raw bytes before the first message: `socket.stream().write_some(buffers)`. Later they
    /// would get in between the frames, and receives have read ahead.
    Stream& stream() noexcept { return *this; }
    Stream const& stream() const noexcept { return *this; }
    ///@}

    // The stream's own calls would send or take bytes without a frame, so they do not compile here. For raw bytes call
    // them on stream(); to send several buffers as one message, queue() its pieces.
    template <typename Buffers, typename... Error>
    void send(Buffers const&, asio::socket_base::message_flags, Error&&...) = delete;
    template <typename Buffers, typename... More>
        requires(asio::is_const_buffer_sequence<Buffers>::value && !std::convertible_to<Buffers, asio::const_buffer>)
    void send(Buffers const&, More&&...) = delete;
    template <typename Buffers, typename... More>
        requires asio::is_mutable_buffer_sequence<Buffers>::value
    void receive(Buffers const&, More&&...) = delete;
    template <typename Buffers, typename... More>
        requires asio::is_mutable_buffer_sequence<Buffers>::value
    void read_some(Buffers const&, More&&...) = delete;
    template <typename... Arguments>
    void write_some(Arguments&&...) = delete;
    template <typename... Arguments>
    void async_send(Arguments&&...) = delete;
    template <typename... Arguments>
    void async_receive(Arguments&&...) = delete;
    template <typename... Arguments>
    void async_read_some(Arguments&&...) = delete;
    template <typename... Arguments>
    void async_write_some(Arguments&&...) = delete;

protected:
    /// @cond
    static std::span<std::byte const> bytes_of(asio::const_buffer buffer)
    {
        return {static_cast<std::byte const*>(buffer.data()), buffer.size()};
    }

    /// The space for the next read. commit_read() must follow it.
    asio::mutable_buffer prepare_read()
    {
        auto const space = decoder_.prepare();
        return {space.data(), space.size()};
    }

    /// `error`: the read's. The end of the stream in the middle of a message becomes frame_errc::truncated.
    void commit_read(std::size_t size, std::error_code& error) noexcept
    {
        decoder_.commit(size);
        if (error == asio::error::eof && decoder_.partial()) error = frame_errc::truncated;
    }

    asio::const_buffer pending_output() noexcept
    {
        auto const bytes = encoder_.pending();
        return {bytes.data(), bytes.size()};
    }

    template <typename Message>
    static Message copy_of(std::span<std::byte const> payload)
    {
        using value = typename Message::value_type;
        auto const* const first = reinterpret_cast<value const*>(payload.data());
        return Message(first, first + payload.size());
    }

    frame_decoder decoder_;
    frame_encoder encoder_;
    /// @endcond
};

}  // namespace porter::detail
