#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <exception>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "porter/message_socket.hpp"
#include "porter/task.hpp"

namespace porter::testing {

using over_tcp = message_socket<asio::ip::tcp::socket>;
using over_task_tcp = tcp_message_socket;
using over_local = message_socket<asio::local::stream_protocol::socket>;

/// A coroutine of the socket's executor.
template <typename Socket>
using task_of = asio::awaitable<void, typename Socket::executor_type>;

/// Two ends of one connection.
template <typename Socket>
struct pair {
    explicit pair(asio::io_context& io) : left(io), right(io) {}
    pair(Socket left_, Socket right_) : left(std::move(left_)), right(std::move(right_)) {}
    Socket left;
    Socket right;
};

template <typename Left, typename Right>
void connect(Left& left, Right& right)
{
    using protocol = typename Left::protocol_type;
    if constexpr (std::is_same_v<protocol, asio::ip::tcp>) {
        asio::basic_socket_acceptor<protocol, typename Left::executor_type> acceptor{
            left.get_executor(), {asio::ip::address_v4::loopback(), 0}};
        left.connect(acceptor.local_endpoint());
        acceptor.accept(right);
    } else {
        asio::local::connect_pair(left, right);
    }
}

template <typename Socket>
pair<Socket> tcp_pair(asio::io_context& io)
{
    pair<Socket> ends{io};
    connect(ends.left, ends.right);
    return ends;
}

/// Two ends after the handshake: see tls_pairs.hpp.
template <typename Socket>
pair<Socket> asio_tls_pair(asio::io_context& io);

template <typename Socket>
concept is_over_tls = requires { typename Socket::next_layer_type; };

template <typename Socket>
pair<Socket> make_pair(asio::io_context& io)
{
    if constexpr (is_over_tls<Socket>) {
        return asio_tls_pair<Socket>(io);
    } else {
        return tcp_pair<Socket>(io);
    }
}

/// Runs coroutines concurrently until all have ended; rethrows the first exception.
template <typename Executor, typename... More>
void run_all(asio::io_context& io, asio::awaitable<void, Executor> first, More... more)
{
    std::exception_ptr thrown;
    int running = 1 + static_cast<int>(sizeof...(more));
    auto const ended = [&](std::exception_ptr error) {
        if (error && !thrown) thrown = error;
        --running;
    };
    auto const spawn = [&](auto work) { asio::co_spawn(Executor{io.get_executor()}, std::move(work), ended); };
    spawn(std::move(first));
    (spawn(std::move(more)), ...);
    io.restart();
    while (running > 0 && !thrown && io.run_one() != 0) {
    }
    if (thrown) std::rethrow_exception(thrown);
    if (running > 0) throw std::runtime_error("a coroutine never ended: the context ran out of work");
}

}  // namespace porter::testing
