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

using any_tcp = message_socket<asio::ip::tcp::socket>;
using typed_tcp = message_socket<asio::basic_stream_socket<asio::ip::tcp, io_executor>>;
using any_local = message_socket<asio::local::stream_protocol::socket>;

/// Two ends of one connection.
template <typename Socket>
struct pair {
    explicit pair(asio::io_context& io) : left(io), right(io) {}
    Socket left;
    Socket right;
};

template <typename Socket>
pair<Socket> tcp_pair(asio::io_context& io)
{
    asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    pair<Socket> ends{io};
    ends.left.connect(acceptor.local_endpoint());
    acceptor.accept(ends.right);
    return ends;
}

inline pair<any_local> local_pair(asio::io_context& io)
{
    pair<any_local> ends{io};
    asio::local::connect_pair(ends.left, ends.right);
    return ends;
}

template <typename Socket>
pair<Socket> make_pair(asio::io_context& io)
{
    if constexpr (std::is_same_v<Socket, any_local>) {
        return local_pair(io);
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
