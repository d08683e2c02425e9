// What send() and queue() take, and which of the stream's own calls compile on a socket of messages.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "porter/blocking_message_socket.hpp"
#include "support/catch.hpp"
#include "wire/bytes.hpp"
#include "wire/scripted_socket.hpp"

using namespace porter;
using namespace porter::testing;

namespace {

template <typename Socket, typename... Arguments>
concept sends = requires(Socket& socket, Arguments... arguments) { socket.send(arguments...); };
template <typename Socket, typename... Arguments>
concept receives = requires(Socket& socket, Arguments... arguments) { socket.receive(arguments...); };

template <typename Socket>
concept has_raw_writes = requires(Socket& socket, asio::const_buffer bytes, std::error_code& error) {
    requires requires { socket.write_some(bytes); } || requires { socket.write_some(bytes, error); } || requires {
        socket.async_write_some(bytes, use_task);
    } || requires { socket.async_send(bytes, use_task); };
};

template <typename Socket>
concept has_raw_reads = requires(Socket& socket, asio::mutable_buffer space, std::error_code& error) {
    requires requires { socket.read_some(space); } || requires { socket.read_some(space, error); } || requires {
        socket.async_read_some(space, use_task);
    } || requires { socket.async_receive(space, use_task); };
};

using one_buffer = asio::const_buffer;
using two_buffers = std::array<asio::const_buffer, 2>;
using flags = asio::socket_base::message_flags;

}  // namespace

TEMPLATE_TEST_CASE("bytes without a frame are not sent or received by mistake", "", message_socket<>,
                   blocking_message_socket<>)
{
    using tcp = asio::ip::tcp::socket;
    STATIC_REQUIRE(has_raw_writes<tcp>);
    STATIC_REQUIRE(has_raw_reads<tcp>);
    STATIC_REQUIRE_FALSE(has_raw_writes<TestType>);
    STATIC_REQUIRE_FALSE(has_raw_reads<TestType>);

    STATIC_REQUIRE(sends<TestType, one_buffer>);
    STATIC_REQUIRE(sends<TestType, asio::mutable_buffer>);
    STATIC_REQUIRE(sends<TestType, one_buffer, std::error_code&>);
    STATIC_REQUIRE(sends<tcp, one_buffer, flags>);
    STATIC_REQUIRE_FALSE(sends<TestType, one_buffer, flags>);
    STATIC_REQUIRE_FALSE(sends<TestType, one_buffer, flags, std::error_code&>);
    STATIC_REQUIRE(sends<tcp, two_buffers>);
    STATIC_REQUIRE_FALSE(sends<TestType, two_buffers>);
    STATIC_REQUIRE_FALSE(sends<TestType, two_buffers, std::error_code&>);

    STATIC_REQUIRE(receives<tcp, asio::mutable_buffer>);
    STATIC_REQUIRE_FALSE(receives<TestType, asio::mutable_buffer>);
    STATIC_REQUIRE_FALSE(receives<TestType, asio::mutable_buffer, flags>);
    STATIC_REQUIRE(receives<TestType, std::error_code&>);
}

TEST_CASE("each kind of text and bytes is sent as one message")
{
    asio::io_context io;
    scripted_socket socket{io};
    std::string text = "text";
    std::vector<std::byte> bytes(5, std::byte{'b'});
    std::array<std::byte, 3> const array{std::byte{'x'}, std::byte{'y'}, std::byte{'z'}};
    char const* const pointer = "pointer";
    testing::run(io, socket.send("literal"));
    testing::run(io, socket.send(pointer));
    testing::run(io, socket.send(text));
    testing::run(io, socket.send(std::string_view{text}));
    testing::run(io, socket.send(bytes));
    testing::run(io, socket.send(std::span{bytes}));
    testing::run(io, socket.send(array));
    testing::run(io, socket.send(asio::buffer(text)));
    testing::run(io, socket.send(asio::buffer(std::as_const(text))));
    std::error_code error = asio::error::eof;
    testing::run(io, socket.send(asio::buffer(bytes), error));
    CHECK_FALSE(error);
    CHECK(socket.written() == framed("literal") + framed("pointer") + framed("text") + framed("text") +
                                  framed("bbbbb") + framed("bbbbb") + framed("xyz") + framed("text") + framed("text") +
                                  framed("bbbbb"));
}
