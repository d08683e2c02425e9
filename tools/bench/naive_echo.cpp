// naive_echo PORT_FILE: an echo server in the style of Asio's tutorials, for comparison with porterd.
//
// One coroutine for each connection reads a header, reads the body and writes the frame. The only limit is the longest
// frame. The server listens on a free port of 127.0.0.1 and writes the port to PORT_FILE.
#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <system_error>

#include "open_access.hpp"

namespace {

constexpr std::size_t header = 4;
constexpr std::size_t max_frame = 1 << 20;

using asio::ip::tcp;

/// An exception that escapes a coroutine ends the program: figures of a failed server would be wrong.
void rethrow(std::exception_ptr error)
{
    if (error) std::rethrow_exception(error);
}

asio::awaitable<std::string> read_frame(tcp::socket& socket)
{
    unsigned char length[header];
    co_await asio::async_read(socket, asio::buffer(length), asio::use_awaitable);
    auto const size =
        std::size_t{length[0]} << 24 | std::size_t{length[1]} << 16 | std::size_t{length[2]} << 8 | length[3];
    if (size == 0 || size > max_frame) throw std::system_error(asio::error::message_size);
    std::string frame(reinterpret_cast<char const*>(length), header);
    frame.resize(header + size);
    co_await asio::async_read(socket, asio::buffer(frame.data() + header, size), asio::use_awaitable);
    co_return frame;
}

asio::awaitable<void> session(tcp::socket socket)
{
    socket.set_option(tcp::no_delay{true});
    try {
        auto first = co_await read_frame(socket);
        if (first[header] == hello) first = open_access;
        co_await asio::async_write(socket, asio::buffer(first), asio::use_awaitable);
        for (;;) {
            auto const frame = co_await read_frame(socket);
            co_await asio::async_write(socket, asio::buffer(frame), asio::use_awaitable);
        }
    } catch (std::system_error const&) {
        // The client has closed the connection.
    }
}

asio::awaitable<void> accept_all(tcp::acceptor& acceptor)
{
    for (;;) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        asio::co_spawn(acceptor.get_executor(), session(std::move(socket)), rethrow);
    }
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2) return std::fputs("usage: naive_echo PORT_FILE\n", stderr), 64;
    asio::io_context io{1};
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    std::ofstream{argv[1]} << acceptor.local_endpoint().port() << '\n';
    asio::co_spawn(io, accept_all(acceptor), rethrow);
    io.run();
}
