#pragma once

#include <cstdint>
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

/// The password of the accounts that tests register.
inline constexpr std::string_view test_password = "a horse on a staple";

inline detail::protocol::register_account registration(std::string_view name)
{
    return {name, test_password};
}

inline detail::protocol::login login_request(std::string_view name)
{
    return {name, test_password};
}

/// A client of porter/1 that can also send malformed bytes. Received messages are views of its input, valid until the
/// next receive().
class test_client {
public:
    explicit test_client(asio::io_context& io) : socket_(io.get_executor()) {}

    task<void> connect(asio::ip::tcp::endpoint server)
    {
        co_await socket_.async_connect(server, use_task);
        socket_.decoder().limit(17 * 1024 * 1024);
    }

    /// The next connect() is from this address of loopback.
    void bind(std::string const& address)
    {
        socket_.open(asio::ip::tcp::v4());
        socket_.bind({asio::ip::make_address(address), 0});
    }

    /// The same as connect(), over TLS.
    task<void> connect_tls(asio::ip::tcp::endpoint server)
    {
        co_await connect(server);
        static detail::tls::client_context const context;
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::minutes{2};
        auto const server_identity = co_await socket_.connect_tls(context, "localhost", deadline);
        if (!server_identity) throw std::system_error(server_identity.error());
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
            sent += co_await socket_.stream().async_write_some(rest, use_task);
        }
    }

    /// The next reply; none: the server has closed the connection.
    task<std::optional<detail::protocol::reply>> receive()
    {
        std::error_code error;
        co_await socket_.receive_some(error);
        if (error) co_return std::nullopt;
        auto const frame = socket_.next(error);
        auto reply = detail::protocol::decode_reply(*frame);
        if (!reply) throw std::runtime_error("the server sent a malformed message");
        co_return *reply;
    }

    /// The next reply, which must be of this kind.
    template <typename Message>
    task<Message> receive()
    {
        auto reply = co_await receive();
        if (!reply) throw std::runtime_error("the server closed the connection");
        auto const* message = std::get_if<Message>(&*reply);
        if (message == nullptr) {
            throw std::runtime_error("the server sent another message: variant " + std::to_string(reply->index()));
        }
        co_return *message;
    }

    /// Whether the server sends closing with this code next, and then closes the connection.
    task<bool> receives_closing(code expected)
    {
        auto closing = co_await receive<detail::protocol::closing>();
        auto const received = closing.code;
        auto more = co_await receive();
        co_return received == static_cast<std::uint16_t>(expected) && !more;
    }

    /// Sends hello, and returns the welcome.
    task<detail::protocol::welcome> greet()
    {
        detail::protocol::hello hello;
        hello.agent = "test";
        co_await send(hello);
        auto welcome = co_await receive<detail::protocol::welcome>();
        co_return welcome;
    }

    /// Access is granted next; then session() and token() are those of `granted`.
    task<void> receive_access()
    {
        auto const granted = co_await receive<detail::protocol::granted>();
        session_ = granted.session_id;
        token_ = granted.token;
    }

    task<void> register_account(std::string name)
    {
        co_await send(registration(name));
        co_await receive_access();
    }

    task<void> log_in(std::string name)
    {
        co_await send(login_request(name));
        co_await receive_access();
    }

    task<void> resume(std::string token)
    {
        detail::protocol::resume request;
        request.token = token;
        co_await send(request);
        co_await receive_access();
    }

    std::uint64_t session() const noexcept { return session_; }
    std::string const& token() const noexcept { return token_; }

    /// Sends a text and receives its echo.
    task<void> exchange(std::string body)
    {
        co_await send(detail::protocol::text{body});
        auto const echo = co_await receive<detail::protocol::text>();
        if (echo.body != body) throw std::runtime_error("the server sent another text: " + std::string{echo.body});
    }

    /// Shuts down the sending side; replies are still received.
    void half_close() { socket_.shutdown(asio::ip::tcp::socket::shutdown_send); }

    /// Closes the connection with a reset.
    void reset()
    {
        socket_.set_option(asio::socket_base::linger{true, 0});
        socket_.close();
    }

    message_socket<detail::tls::stream>& socket() { return socket_; }

private:
    message_socket<detail::tls::stream> socket_;
    std::uint64_t session_ = 0;
    std::string token_;
};

}  // namespace porter::testing
