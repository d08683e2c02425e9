#pragma once

#include "porter/message_socket.hpp"

// The coroutines of message_socket. Two rules of Asio shape them. Once a coroutine is cancelled its next co_await
// throws, so a loop checks the cancellation state before it goes on. When an io_context is destroyed, coroutines and
// the socket that they refer to are destroyed in any order, so no destructor here touches the socket.

namespace porter {

template <typename Stream>
auto message_socket<Stream>::read_some(std::error_code& error) -> awaitable<>
{
    auto const space = this->prepare_read();
    auto const size = co_await Stream::async_read_some(space, into(error));
    this->commit_read(size, error);
}

template <typename Stream>
auto message_socket<Stream>::read_some(std::error_code& error, deadline& until) -> awaitable<>
{
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    auto const slot = until.slot_of_read(cancellation.slot());
    auto const space = this->prepare_read();
    auto const size = co_await Stream::async_read_some(space, asio::bind_cancellation_slot(slot, into(error)));
    this->commit_read(size, error);
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
auto message_socket<Stream>::receive_some_for(std::chrono::nanoseconds limit)
    -> awaitable<result<void, std::error_code>>
{
    std::error_code error;
    if (decoder_.ready(error)) co_return result<void, std::error_code>{};
    if (error) co_return unexpected(error);

    auto const cancellation = co_await asio::this_coro::cancellation_state;
    auto const before = cancellation.cancelled();
    deadline until{this->get_executor(), limit};
    do {
        co_await read_some(error, until);
        bool const is_cancelled = cancellation.cancelled() != before;
        if (error == asio::error::operation_aborted && until.is_expired() && !is_cancelled) {
            error = asio::error::timed_out;
        }
        if (error) co_return unexpected(error);
        if (decoder_.ready(error)) co_return result<void, std::error_code>{};
        if (!error && is_cancelled) error = asio::error::operation_aborted;
        if (!error && until.is_expired()) error = asio::error::timed_out;
    } while (!error);
    co_return unexpected(error);
}

template <typename Stream>
auto message_socket<Stream>::receive_some() -> awaitable<>
{
    std::error_code error;
    co_await receive_some(error);
    if (error) throw std::system_error(error);
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
    if (!payload) co_return Message();
    co_return base::template copy_of<Message>(*payload);
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
template <typename Message>
auto message_socket<Stream>::copy_next_for(std::chrono::nanoseconds limit)
    -> awaitable<result<Message, std::error_code>>
{
    auto const received = co_await receive_some_for(limit);
    if (!received) co_return unexpected(received.error());
    std::error_code error;
    co_return base::template copy_of<Message>(*decoder_.next(error));
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
auto message_socket<Stream>::receive_for(std::chrono::nanoseconds limit)
    -> awaitable<result<std::vector<std::byte>, std::error_code>>
{
    return copy_next_for<std::vector<std::byte>>(limit);
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
auto message_socket<Stream>::receive_text_for(std::chrono::nanoseconds limit)
    -> awaitable<result<std::string, std::error_code>>
{
    return copy_next_for<std::string>(limit);
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
        auto const bytes = this->pending_output();
        auto const size = co_await Stream::async_write_some(bytes, into(error));
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
template <typename Message>
auto message_socket<Stream>::queue_and_flush(Message message) -> awaitable<>
{
    this->queue(message);
    return flush();
}

template <typename Stream>
template <typename Message>
auto message_socket<Stream>::queue_and_flush(Message message, std::error_code& error) -> awaitable<>
{
    try {
        this->queue(message);
    } catch (std::system_error const& invalid) {
        return complete_with(invalid.code(), error);
    }
    return flush(error);
}

template <typename Stream>
template <std::ranges::input_range Messages>
auto message_socket<Stream>::send_all(Messages&& messages) -> awaitable<>
{
    for (auto&& message : messages) this->queue(message);
    return flush();
}

template <typename Stream>
auto message_socket<Stream>::complete_with(std::error_code code, std::error_code& error) -> awaitable<>
{
    error = code;
    co_return;
}

}  // namespace porter
