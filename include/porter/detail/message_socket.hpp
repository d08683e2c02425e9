#pragma once

#include "porter/message_socket.hpp"

// The coroutines of message_socket. Two rules of Asio shape them. Once a coroutine is cancelled its next co_await
// throws, so a loop checks the cancellation state before it goes on. When an io_context is destroyed, coroutines and
// the socket that they refer to are destroyed in any order, so no destructor here touches the socket.

namespace porter {

template <typename Stream>
auto message_socket<Stream>::read_some(std::error_code& error) -> awaitable<>
{
    auto const space = decoder_.prepare();
    auto const size = co_await Stream::async_read_some(asio::buffer(space.data(), space.size()), into(error));
    decoder_.commit(size);
    if (error == asio::error::eof && decoder_.partial()) error = frame_errc::truncated;
}

template <typename Stream>
auto message_socket<Stream>::receive_some(std::error_code& error) -> awaitable<>
{
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    auto const before = cancellation.cancelled();
    while (!decoder_.ready(error)) {
        if (!error && cancellation.cancelled() != before) error = asio::error::operation_aborted;
        if (error) co_return;
        co_await read_some(error);
        if (error) co_return;
    }
}

template <typename Stream>
template <typename Message>
auto message_socket<Stream>::copy_next(std::error_code& error) -> awaitable<Message>
{
    auto payload = decoder_.next(error);
    if (!payload && !error) {
        co_await receive_some(error);
        if (!error) payload = decoder_.next(error);
    }
    Message copy;
    if (payload) {
        using value = typename Message::value_type;
        auto const* const first = reinterpret_cast<value const*>(payload->data());
        copy.assign(first, first + payload->size());
    }
    co_return copy;
}

template <typename Stream>
template <typename Message>
auto message_socket<Stream>::copy_next_or_throw() -> awaitable<Message>
{
    std::error_code error;
    auto message = co_await copy_next<Message>(error);
    if (error) throw std::system_error(error);
    co_return message;
}

template <typename Stream>
auto message_socket<Stream>::receive() -> awaitable<std::vector<std::byte>>
{
    return copy_next_or_throw<std::vector<std::byte>>();
}

template <typename Stream>
auto message_socket<Stream>::receive(std::error_code& error) -> awaitable<std::vector<std::byte>>
{
    return copy_next<std::vector<std::byte>>(error);
}

template <typename Stream>
auto message_socket<Stream>::receive_text() -> awaitable<std::string>
{
    return copy_next_or_throw<std::string>();
}

template <typename Stream>
auto message_socket<Stream>::receive_text(std::error_code& error) -> awaitable<std::string>
{
    return copy_next<std::string>(error);
}

template <typename Stream>
auto message_socket<Stream>::flush(std::error_code& error) -> awaitable<>
{
    error.clear();
    if (flushing_) co_return;
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    auto const before = cancellation.cancelled();
    flushing_ = true;
    while (!encoder_.empty() && !error) {
        auto const bytes = encoder_.pending();
        auto const size = co_await Stream::async_write_some(asio::buffer(bytes.data(), bytes.size()), into(error));
        encoder_.consume(size);
        if (!error && !encoder_.empty() && cancellation.cancelled() != before) error = asio::error::operation_aborted;
    }
    flushing_ = false;
}

template <typename Stream>
auto message_socket<Stream>::flush() -> awaitable<>
{
    std::error_code error;
    co_await flush(error);
    if (error) throw std::system_error(error);
}

// The send calls are plain functions, so the message is queued before anything can suspend.

template <typename Stream>
auto message_socket<Stream>::send(std::span<std::byte const> message) -> awaitable<>
{
    queue(message);
    return flush();
}

template <typename Stream>
auto message_socket<Stream>::send_text(std::string_view message) -> awaitable<>
{
    queue(message);
    return flush();
}

template <typename Stream>
auto message_socket<Stream>::send(std::span<std::byte const> message, std::error_code& error) -> awaitable<>
{
    try {
        queue(message);
    } catch (std::system_error const& invalid) {
        return complete_with(invalid.code(), error);
    }
    return flush(error);
}

template <typename Stream>
auto message_socket<Stream>::send_text(std::string_view message, std::error_code& error) -> awaitable<>
{
    return send(std::as_bytes(std::span{message}), error);
}

template <typename Stream>
template <std::ranges::input_range Messages>
auto message_socket<Stream>::send_all(Messages&& messages) -> awaitable<>
{
    for (auto&& message : messages) queue(message);
    return flush();
}

template <typename Stream>
auto message_socket<Stream>::complete_with(std::error_code code, std::error_code& error) -> awaitable<>
{
    error = code;
    co_return;
}

template <typename Stream>
void message_socket<Stream>::trim() noexcept
{
    decoder_.trim();
    encoder_.trim();
}

}  // namespace porter
