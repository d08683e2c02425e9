#include "support/test_client.hpp"

#include <chrono>
#include <utility>

namespace porter::testing {

task<void> test_client::connect(asio::ip::tcp::endpoint server)
{
    co_await socket_.async_connect(server, use_task);
    socket_.decoder().limit(17 * 1024 * 1024);
}

void test_client::bind(std::string const& address)
{
    socket_.open(asio::ip::tcp::v4());
    socket_.bind({asio::ip::make_address(address), 0});
}

task<void> test_client::connect_tls(asio::ip::tcp::endpoint server)
{
    co_await connect(server);
    static detail::tls::client_context const context;
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::minutes{2};
    auto const server_identity = co_await socket_.connect_tls(context, "localhost", deadline);
    if (!server_identity) throw std::system_error(server_identity.error());
}

task<void> test_client::flush()
{
    co_await socket_.flush();
}

task<void> test_client::send_raw(std::string bytes)
{
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        auto const rest = asio::buffer(bytes) + sent;
        sent += co_await socket_.stream().async_write_some(rest, use_task);
    }
}

task<std::optional<detail::protocol::reply>> test_client::receive()
{
    std::error_code error;
    co_await socket_.receive_some(error);
    if (error) co_return std::nullopt;
    auto const frame = socket_.next(error);
    auto reply = detail::protocol::decode_reply(*frame);
    if (!reply) throw std::runtime_error("the server sent a malformed message");
    co_return *reply;
}

task<bool> test_client::receives_closing(code expected)
{
    auto closing = co_await receive<detail::protocol::closing>();
    auto const received = closing.code;
    auto more = co_await receive();
    co_return received == static_cast<std::uint16_t>(expected) && !more;
}

task<detail::protocol::welcome> test_client::greet()
{
    detail::protocol::hello hello;
    hello.agent = "test";
    co_await send(hello);
    auto welcome = co_await receive<detail::protocol::welcome>();
    co_return welcome;
}

task<void> test_client::receive_access()
{
    auto const granted = co_await receive<detail::protocol::granted>();
    session_ = granted.session_id;
    token_ = granted.token;
}

task<void> test_client::register_account(std::string name)
{
    co_await send(registration(name));
    co_await receive_access();
}

task<void> test_client::log_in(std::string name)
{
    co_await send(login_request(name));
    co_await receive_access();
}

task<void> test_client::resume(std::string token)
{
    detail::protocol::resume request;
    request.token = token;
    co_await send(request);
    co_await receive_access();
}

task<void> test_client::exchange(std::string body)
{
    co_await send(detail::protocol::text{body});
    auto const echo = co_await receive<detail::protocol::text>();
    if (echo.body != body) throw std::runtime_error("the server sent another text: " + std::string{echo.body});
}

void test_client::reset()
{
    socket_.set_option(asio::socket_base::linger{true, 0});
    socket_.close();
}

}  // namespace porter::testing
