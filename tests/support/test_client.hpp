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

    task<void> connect(asio::ip::tcp::endpoint server);

    /// The next connect() is from this address of loopback.
    void bind(std::string const& address);

    /// The same as connect(), over TLS.
    task<void> connect_tls(asio::ip::tcp::endpoint server);

    template <typename Message>
    void queue(Message const& message)
    {
        socket_.encoder().compose([&](std::string& payload) { detail::protocol::encode(message, payload); });
    }

    task<void> flush();

    template <typename Message>
    task<void> send(Message message)
    {
        queue(message);
        co_await flush();
    }

    /// Sends bytes that need not be frames.
    task<void> send_raw(std::string bytes);

    /// The next reply; none: the server has closed the connection.
    task<std::optional<detail::protocol::reply>> receive();

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
    task<bool> receives_closing(code expected);

    /// Sends hello, and returns the welcome.
    task<detail::protocol::welcome> greet();

    /// Access is granted next; then session() and token() are those of `granted`.
    task<void> receive_access();

    task<void> register_account(std::string name);

    task<void> log_in(std::string name);

    task<void> resume(std::string token);

    std::uint64_t session() const noexcept { return session_; }
    std::string const& token() const noexcept { return token_; }

    /// Sends a text and receives its echo.
    task<void> exchange(std::string body);

    /// Shuts down the sending side; replies are still received.
    void half_close() { socket_.shutdown(asio::ip::tcp::socket::shutdown_send); }

    /// Closes the connection with a reset.
    void reset();

    message_socket<detail::tls::stream>& socket() { return socket_; }

private:
    message_socket<detail::tls::stream> socket_;
    std::uint64_t session_ = 0;
    std::string token_;
};

}  // namespace porter::testing
