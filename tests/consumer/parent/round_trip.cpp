// Messages in frames. Porter's headers come after standard ones and before Asio's.
#include "round_trip.hpp"

#include <porter/message_socket.hpp>
#include <porter/version.hpp>

// Asio's other headers follow Porter's.
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>

using local_socket = porter::message_socket<asio::local::stream_protocol::socket>;

static_assert(porter::version.starts_with("0.2."));

namespace {

asio::awaitable<void> send(local_socket& socket, std::string_view text)
{
    socket.queue(text);
    co_await socket.flush();
    socket.close();
}

asio::awaitable<void> receive(local_socket& socket, std::string& received)
{
    auto text = co_await socket.receive_text();
    std::error_code error;
    co_await socket.receive_some(error);
    if (error == asio::error::eof) received = text;
}

}  // namespace

std::string round_trip(asio::io_context& io, std::string_view text)
{
    local_socket from{io};
    local_socket to{io};
    asio::local::connect_pair(from, to);
    std::string received;
    auto rethrow = [](std::exception_ptr error) { error ? std::rethrow_exception(error) : void(); };
    asio::co_spawn(io, send(from, text), rethrow);
    asio::co_spawn(io, receive(to, received), rethrow);
    io.run();
    return received;
}
