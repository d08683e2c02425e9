#include "porter/message_socket.hpp"

#include <algorithm>
#include <asio/read.hpp>
#include <type_traits>

#include "support/catch.hpp"
#include "wire/bytes.hpp"
#include "wire/pairs.hpp"

using namespace porter;
using namespace porter::testing;

namespace {

template <typename Socket>
using task_of = typename Socket::template awaitable<void>;

template <typename Socket>
task_of<Socket> exchange_some(pair<Socket>& ends)
{
    co_await ends.left.send_text("привет");
    std::string const text = co_await ends.right.receive_text();
    CHECK(text == "привет");

    std::vector<std::byte> const bytes{std::byte{0}, std::byte{255}, std::byte{128}};
    co_await ends.right.send(bytes);
    auto const received = co_await ends.left.receive();
    CHECK(received == bytes);
}

template <typename Socket>
void test_exchange()
{
    asio::io_context io;
    auto ends = make_pair<Socket>(io);
    run_all(io, exchange_some(ends));
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
void test_order()
{
    asio::io_context io;
    auto ends = make_pair<Socket>(io);
    run_all(io, send_many(ends.left), receive_many(ends.right));
}

template <typename Socket>
task_of<Socket> send_large(Socket& socket)
{
    for (unsigned i = 0; i < 5; ++i) {
        auto const large = pattern(default_max_frame, i);
        co_await socket.send_text(large);
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
void test_large_messages()
{
    asio::io_context io;
    auto ends = make_pair<Socket>(io);
    run_all(io, send_large(ends.left), send_large(ends.right), receive_large(ends.left), receive_large(ends.right));
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

    co_await ends.right.send_text("still received");
    text = co_await ends.left.receive_text();
    CHECK(text == "still received");
}

template <typename Socket>
void test_half_close()
{
    asio::io_context io;
    auto ends = make_pair<Socket>(io);
    run_all(io, half_close(ends));
}

asio::awaitable<void> receive_in_two(pair<any_tcp>& ends)
{
    auto const frame = framed("in two halves");
    std::error_code error;
    ends.left.send(asio::buffer(frame, 7));
    co_await ends.right.read_some(error);
    CHECK(ends.right.decoder().expected() == 13);
    any_tcp moved{std::move(ends.right)};
    ends.left.send(asio::buffer(frame.data() + 7, frame.size() - 7));
    std::string const text = co_await moved.receive_text();
    CHECK(text == "in two halves");
}

asio::awaitable<void> receive_after_reset(pair<any_tcp>& ends)
{
    std::error_code error;
    ends.left.set_option(asio::socket_base::linger{true, 0});
    ends.left.close();
    co_await ends.right.receive_text(error);
    CHECK(error == asio::error::connection_reset);
    co_await ends.right.send_text("hello?", error);
    CHECK(error == asio::error::broken_pipe);
}

}  // namespace

TEST_CASE("whole messages are exchanged over TCP")
{
    test_exchange<any_tcp>();
}
TEST_CASE("whole messages are exchanged over TCP with a typed executor")
{
    test_exchange<typed_tcp>();
}
TEST_CASE("whole messages are exchanged over a local socket")
{
    test_exchange<any_local>();
}

TEST_CASE("five thousand pipelined messages arrive in order over TCP")
{
    test_order<any_tcp>();
}
TEST_CASE("five thousand pipelined messages arrive in order over TCP with a typed executor")
{
    test_order<typed_tcp>();
}
TEST_CASE("five thousand pipelined messages arrive in order over a local socket")
{
    test_order<any_local>();
}

TEST_CASE("both ends send messages of 1 MiB at once over TCP")
{
    test_large_messages<any_tcp>();
}
TEST_CASE("both ends send messages of 1 MiB at once over TCP with a typed executor")
{
    test_large_messages<typed_tcp>();
}
TEST_CASE("both ends send messages of 1 MiB at once over a local socket")
{
    test_large_messages<any_local>();
}

TEST_CASE("a socket that shut down sending still receives over TCP")
{
    test_half_close<any_tcp>();
}
TEST_CASE("a socket that shut down sending still receives over a local socket")
{
    test_half_close<any_local>();
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
    auto ends = tcp_pair<any_tcp>(io);
    CHECK(ends.left.send(asio::buffer("raw!", 4)) == 4);
    std::string bytes(4, '\0');
    CHECK(ends.right.receive(asio::buffer(bytes, 2), any_tcp::message_peek) == 2);
    CHECK(asio::read(ends.right, asio::buffer(bytes, 2)) == 2);
    CHECK(ends.right.receive(asio::buffer(bytes.data() + 2, 2)) == 2);
    CHECK(bytes == "raw!");

    std::error_code error;
    ends.left.close();
    CHECK(ends.right.receive(asio::buffer(bytes), 0, error) == 0);
    CHECK(error == asio::error::eof);
    CHECK(ends.left.send(asio::buffer(bytes), 0, error) == 0);
    CHECK(error == asio::error::bad_descriptor);
}

TEST_CASE("a moved socket continues in the middle of a message")
{
    asio::io_context io;
    auto ends = tcp_pair<any_tcp>(io);
    run_all(io, receive_in_two(ends));
}

TEST_CASE("a reset by the peer gives an error code and no exception")
{
    asio::io_context io;
    auto ends = tcp_pair<any_tcp>(io);
    run_all(io, receive_after_reset(ends));
}
