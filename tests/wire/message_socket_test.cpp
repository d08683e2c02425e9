#include "porter/message_socket.hpp"

#include <algorithm>
#include <asio/read.hpp>
#include <type_traits>

#include "base/asio.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"
#include "wire/bytes.hpp"
#include "wire/pairs.hpp"
#include "wire/tls_pairs.hpp"

using namespace porter;
using namespace porter::testing;

namespace {

template <typename Socket>
task_of<Socket> exchange(pair<Socket>& ends)
{
    co_await ends.left.send("привет");
    std::string const text = co_await ends.right.receive_text();
    CHECK(text == "привет");

    std::vector<std::byte> const bytes{std::byte{0}, std::byte{255}, std::byte{128}};
    co_await ends.right.send(bytes);
    auto const received = co_await ends.left.receive();
    CHECK(received == bytes);

    ends.left.queue("one");
    ends.left.queue("two");
    co_await ends.left.flush();
    co_await ends.right.receive_some();
    std::error_code error;
    CHECK(text_of(*ends.right.next(error)) == "one");
    auto const second = co_await ends.right.receive_text();
    CHECK(second == "two");
    CHECK_FALSE(ends.right.next(error));
    ends.right.trim();
    CHECK(ends.right.decoder().capacity() == 0);
}

constexpr int many = 5'000;

std::string numbered(int number)
{
    return std::to_string(number) + ' ' + pattern(static_cast<std::size_t>(number) % 97, static_cast<unsigned>(number));
}

template <typename Socket>
task_of<Socket> send_many(Socket& socket)
{
    std::vector<std::string> messages;
    for (int i = 0; i < many; ++i) messages.push_back(numbered(i));
    co_await socket.send_all(messages);
}

template <typename Socket>
task_of<Socket> receive_many(Socket& socket)
{
    for (int i = 0; i < many; ++i) {
        std::string const text = co_await socket.receive_text();
        if (text != numbered(i)) FAIL("message " << i << " is not the one that was sent");
    }
    CHECK_FALSE(socket.decoder().partial());
}

template <typename Socket>
task_of<Socket> send_large(Socket& socket)
{
    for (unsigned i = 0; i < 5; ++i) {
        auto const large = pattern(default_max_frame, i);
        co_await socket.send(large);
    }
}

template <typename Socket>
task_of<Socket> receive_large(Socket& socket)
{
    for (unsigned i = 0; i < 5; ++i) {
        std::string const text = co_await socket.receive_text();
        CHECK((text == pattern(default_max_frame, i)));
    }
}

template <typename Socket>
task_of<Socket> half_close(pair<Socket>& ends)
{
    ends.left.queue("one");
    ends.left.queue("two");
    co_await ends.left.flush();
    ends.left.shutdown(Socket::shutdown_send);

    std::error_code error;
    std::string text = co_await ends.right.receive_text(error);
    CHECK(text == "one");
    text = co_await ends.right.receive_text(error);
    CHECK(text == "two");
    CHECK_FALSE(error);
    text = co_await ends.right.receive_text(error);
    CHECK(text.empty());
    CHECK(error == asio::error::eof);

    co_await ends.right.send("still received");
    text = co_await ends.left.receive_text();
    CHECK(text == "still received");
}

template <typename Socket>
task_of<Socket> shut_down_tls(Socket& socket)
{
    co_await socket.send("last");
    std::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable_t<typename Socket::executor_type>{}, error);
    co_await socket.async_shutdown(token);
}

template <typename Socket>
task_of<Socket> receive_to_end(Socket& socket)
{
    std::string const last = co_await socket.receive_text();
    CHECK(last == "last");
    std::error_code error;
    co_await socket.receive(error);
    CHECK(error == asio::error::eof);
    socket.lowest_layer().close();
}

asio::awaitable<void> receive_in_two(pair<over_tcp>& ends)
{
    auto const frame = framed("in two halves");
    std::error_code error;
    ends.left.stream().send(asio::buffer(frame, 7));
    co_await ends.right.read_some(error);
    CHECK(ends.right.decoder().expected() == 13);
    over_tcp moved{std::move(ends.right)};
    ends.left.stream().send(asio::buffer(frame.data() + 7, frame.size() - 7));
    std::string const text = co_await moved.receive_text();
    CHECK(text == "in two halves");
}

asio::awaitable<void> receive_after_reset(pair<over_tcp>& ends)
{
    std::error_code error;
    ends.left.set_option(asio::socket_base::linger{true, 0});
    ends.left.close();
    co_await ends.right.receive_text(error);
    CHECK(error == asio::error::connection_reset);
    co_await ends.right.send("hello?", error);
    CHECK(error == asio::error::broken_pipe);
}

task<> serve_one(detail::base::tcp_acceptor& acceptor)
{
    tcp_message_socket socket{acceptor.get_executor()};
    co_await acceptor.async_accept(socket, use_task);
    auto const request = co_await socket.receive();
    co_await socket.send(request);
}

task<> request_one(asio::ip::tcp::endpoint server)
{
    auto const executor = co_await asio::this_coro::executor;
    tcp_message_socket socket{executor};
    co_await socket.async_connect(server, use_task);
    co_await socket.send("from a task");
    auto const reply = co_await socket.receive_text();
    CHECK(reply == "from a task");
}

}  // namespace

TEMPLATE_TEST_CASE("whole messages are exchanged", "", over_tcp, over_task_tcp, over_local, over_tls, over_task_tls)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    run_all(io, exchange(ends));
}

TEMPLATE_TEST_CASE("five thousand pipelined messages arrive in order", "", over_tcp, over_task_tcp, over_local,
                   over_tls, over_task_tls)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    run_all(io, send_many(ends.left), receive_many(ends.right));
}

TEMPLATE_TEST_CASE("both ends send messages of 1 MiB at once", "", over_tcp, over_task_tcp, over_local, over_tls,
                   over_task_tls)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    run_all(io, send_large(ends.left), send_large(ends.right), receive_large(ends.left), receive_large(ends.right));
}

TEMPLATE_TEST_CASE("a socket that shut down sending still receives", "", over_tcp, over_task_tcp, over_local)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    run_all(io, half_close(ends));
}

TEMPLATE_TEST_CASE("a TLS stream that was shut down ends with eof", "", over_tls, over_task_tls)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    run_all(io, shut_down_tls(ends.left), receive_to_end(ends.right));
}

TEST_CASE("a task awaits a tcp_message_socket")
{
    asio::io_context io;
    detail::base::tcp_acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    run_all(io, serve_one(acceptor), request_one(acceptor.local_endpoint()));
}

TEST_CASE("a message socket is a stream and is constructed from one")
{
    STATIC_REQUIRE(std::is_base_of_v<asio::ip::tcp::socket, message_socket<>>);
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<message_socket<>>);
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<message_socket<>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<asio::ip::tcp::socket, message_socket<>>);

    asio::io_context io;
    asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    message_socket<> left{io, asio::ip::tcp::v4()};
    left.connect(acceptor.local_endpoint());
    message_socket<> right{acceptor.accept()};
    left.set_option(asio::ip::tcp::no_delay{true});
    CHECK(right.remote_endpoint() == left.local_endpoint());
}

TEST_CASE("the stream's raw calls are available")
{
    asio::io_context io;
    auto ends = tcp_pair<over_tcp>(io);
    auto& left = ends.left.stream();
    auto& right = ends.right.stream();
    CHECK(left.send(asio::buffer("raw!", 4)) == 4);
    std::string bytes(4, '\0');
    CHECK(right.receive(asio::buffer(bytes, 2), over_tcp::message_peek) == 2);
    CHECK(asio::read(right, asio::buffer(bytes, 2)) == 2);
    CHECK(right.receive(asio::buffer(bytes.data() + 2, 2)) == 2);
    CHECK(bytes == "raw!");
}

TEST_CASE("a moved socket continues in the middle of a message")
{
    asio::io_context io;
    auto ends = tcp_pair<over_tcp>(io);
    run_all(io, receive_in_two(ends));
}

TEST_CASE("a reset by the peer gives an error code and no exception")
{
    asio::io_context io;
    auto ends = tcp_pair<over_tcp>(io);
    run_all(io, receive_after_reset(ends));
}
