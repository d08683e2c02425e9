#pragma once

#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "base/bytes.hpp"
#include "porter/message_socket.hpp"
#include "protocol/codec.hpp"
#include "support/run.hpp"
#include "tls/stream.hpp"

namespace porter::testing {

/// A visitor as the protocol's page describes one: says messages, hears replies, and can misbehave byte by byte.
/// What is heard points into its input and is valid until the next hear().
class test_client {
public:
    explicit test_client(asio::io_context& io) : socket_(io.get_executor()) {}

    task<void> connect(asio::ip::tcp::endpoint where)
    {
        co_await socket_.async_connect(where, use_task);
        socket_.decoder().limit(17 * 1024 * 1024);
    }

    /// The same over TLS.
    task<void> connect_tls(asio::ip::tcp::endpoint where)
    {
        co_await connect(where);
        static detail::tls::client_context const context;
        auto const in_good_time = std::chrono::steady_clock::now() + std::chrono::minutes{2};
        auto const met = co_await socket_.connect_tls(context, "localhost", in_good_time);
        if (!met) throw std::system_error(met.error());
    }

    template <typename Message>
    void queue(Message const& message)
    {
        socket_.encoder().compose([&](std::string& payload) { detail::protocol::encode(message, payload); });
    }

    task<void> flush() { return socket_.flush(); }

    template <typename Message>
    task<void> send(Message message)
    {
        queue(message);
        co_await socket_.flush();
    }

    /// Sends bytes that need not be frames.
    task<void> send_raw(std::string bytes)
    {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            auto const rest = asio::buffer(bytes) + sent;
            sent += co_await socket_.async_write_some(rest, use_task);
        }
    }

    /// The next reply; none when the server has ended the connection.
    task<std::optional<detail::protocol::reply>> receive()
    {
        std::error_code error;
        co_await socket_.receive_some(error);
        if (error) co_return std::nullopt;
        auto const frame = socket_.next(error);
        auto reply = detail::protocol::decode_reply(*frame);
        if (!reply) throw std::runtime_error("the server said something that is no message");
        co_return *reply;
    }

    /// The next reply, which must be of this kind.
    template <typename Message>
    task<Message> receive()
    {
        auto reply = co_await receive();
        if (!reply) throw std::runtime_error("the server ended the connection");
        auto const* wanted = std::get_if<Message>(&*reply);
        if (wanted == nullptr) {
            throw std::runtime_error("the server said something else: variant " + std::to_string(reply->index()));
        }
        co_return *wanted;
    }

    /// True: the server said closing with this code, and then ended.
    task<bool> receives_closing(code why)
    {
        auto closing = co_await receive<detail::protocol::closing>();
        auto const what = closing.code;
        auto more = co_await receive();
        co_return what == static_cast<std::uint16_t>(why) && !more;
    }

    task<detail::protocol::welcome> greet()
    {
        detail::protocol::hello hello;
        hello.agent = "test";
        co_await send(hello);
        auto welcome = co_await receive<detail::protocol::welcome>();
        co_return welcome;
    }

    /// Nothing more will be said, but what is answered is heard.
    void half_close() { socket_.shutdown(asio::ip::tcp::socket::shutdown_send); }

    /// Goes away with a reset.
    void reset()
    {
        socket_.set_option(asio::socket_base::linger{true, 0});
        socket_.close();
    }

    message_socket<detail::tls::stream>& socket() { return socket_; }

private:
    message_socket<detail::tls::stream> socket_;
};

}  // namespace porter::testing
