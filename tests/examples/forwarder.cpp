// Accounts and TLS in front of a plain TCP server: forwarder PORT DATA_DIR UPSTREAM_PORT
// The bytes of messages go to a server on this machine, and what it sends comes back as data messages, both at the same
// time. Either side may end its direction first.
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/write.hpp>
#include <porter/server.hpp>

#include <array>
#include <iostream>

using namespace asio::experimental::awaitable_operators;
using asio::ip::tcp;

/// Copies data to the upstream server until the client has ended its direction, or the connection.
porter::task<void> send_upstream(porter::connection& client, tcp::socket& upstream)
{
    std::error_code error;
    while (auto messages = co_await client.receive_some()) {
        for (auto const& message : *messages) {
            // The body stays valid: nothing is received before it is written.
            co_await asio::async_write(upstream, asio::buffer(message.body),
                                       asio::redirect_error(porter::use_task, error));
            if (error) co_return;
        }
    }
    if (client.is_open()) {
        upstream.shutdown(tcp::socket::shutdown_send, error);
    } else {
        upstream.close(error);
    }
}

/// Copies data to the client until the upstream server has ended its direction, or the connection has ended.
porter::task<void> send_back(porter::connection& client, tcp::socket& upstream)
{
    std::array<char, 16 * 1024> bytes;
    for (;;) {
        std::error_code error;
        auto const size =
            co_await upstream.async_read_some(asio::buffer(bytes), asio::redirect_error(porter::use_task, error));
        if (error == asio::error::eof) break;
        if (error) {
            client.close(porter::code::unavailable, "the upstream server has failed");
            co_return;
        }
        std::string_view const received{bytes.data(), size};
        auto const is_open = co_await client.send_data(received);
        if (!is_open) co_return;
    }
    co_await client.shutdown_send();
}

porter::task<void> forward(porter::connection& client, tcp::endpoint target)
{
    auto const executor = co_await asio::this_coro::executor;
    tcp::socket upstream{executor};
    std::error_code error;
    co_await upstream.async_connect(target, asio::redirect_error(porter::use_task, error));
    if (error) {
        client.close(porter::code::unavailable, "the upstream server cannot be reached");
        co_return;
    }
    client.end_on_reset();
    co_await (send_upstream(client, upstream) && send_back(client, upstream));
}

int main(int argc, char** argv)
{
    if (argc != 4) return std::cerr << "usage: forwarder PORT DATA_DIR UPSTREAM_PORT\n", 64;
    asio::io_context io;
    tcp::endpoint const target{asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoi(argv[3]))};
    porter::server_options const options{
        .port = static_cast<std::uint16_t>(std::stoi(argv[1])),
        .data_dir = argv[2],
        .service_descriptors = 1,  // for each connection, the socket of the upstream server
    };
    porter::server server{io, options, [target](porter::connection& client) { return forward(client, target); }};
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](auto, int) { server.stop(); });
    std::cout << "listening on " << server.local_endpoint() << std::endl;
    io.run();
}
