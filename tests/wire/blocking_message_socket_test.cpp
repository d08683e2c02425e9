#include "porter/blocking_message_socket.hpp"

#include <asio/write.hpp>
#include <future>
#include <vector>

#include "support/catch.hpp"
#include "wire/blocking_sockets.hpp"
#include "wire/bytes.hpp"

using namespace porter;
using namespace porter::testing;

namespace {

/// Echoes until the stream ends; returns why it did.
template <typename Socket>
std::error_code echo(Socket& socket)
{
    std::error_code error;
    while (!error) {
        auto const message = socket.receive(error);
        if (!error) socket.send(message, error);
    }
    return error;
}

template <typename Socket>
std::error_code error_of_receive(Socket& socket)
{
    try {
        socket.receive_text();
    } catch (std::system_error const& error) {
        return error.code();
    }
    return {};
}

}  // namespace

TEMPLATE_TEST_CASE("threads exchange whole messages", "", blocking_tcp, blocking_local, blocking_tls)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    auto server = std::async(std::launch::async, [&] { return echo(ends.right); });
    ends.left.send("привет");
    CHECK(ends.left.receive_text() == "привет");
    std::vector<std::byte> const bytes{std::byte{0}, std::byte{255}};
    ends.left.send(bytes);
    CHECK(ends.left.receive() == bytes);

    std::error_code error = asio::error::eof;
    auto const large = pattern(default_max_frame);
    ends.left.send(large, error);
    CHECK_FALSE(error);
    CHECK((ends.left.receive_text(error) == large));
    CHECK_FALSE(error);

    std::vector<std::string> const three{"one", "two", "three"};
    ends.left.queue("zero");
    ends.left.send_all(three);
    ends.left.receive_some();
    CHECK(text_of(*ends.left.next(error)) == "zero");
    for (auto const& text : three) CHECK(ends.left.receive_text() == text);

    ends.left.lowest_layer().shutdown(asio::socket_base::shutdown_send);
    auto const end = server.get();
    if constexpr (is_over_tls<TestType>) {
        CHECK(end == asio::ssl::error::stream_truncated);
    } else {
        CHECK(end == asio::error::eof);
    }
}

TEST_CASE("a blocking TLS stream that was shut down ends with eof")
{
    asio::io_context io;
    auto ends = make_pair<blocking_tls>(io);
    ends.left.send("last");
    auto shutdown = std::async(std::launch::async, [&] {
        std::error_code error;
        ends.left.shutdown(error);
    });
    CHECK(ends.right.receive_text() == "last");
    CHECK(error_of_receive(ends.right) == asio::error::eof);
    ends.right.lowest_layer().close();
    shutdown.get();
}

TEMPLATE_TEST_CASE("one thread receives while another one sends", "", blocking_tcp, blocking_local)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    auto const send = [](auto& socket, unsigned seed) {
        for (unsigned i = 0; i < 200; ++i) socket.send(pattern(20'000, seed + i));
    };
    auto const receive = [](auto& socket, unsigned seed) {
        int wrong = 0;
        for (unsigned i = 0; i < 200; ++i) wrong += socket.receive_text() != pattern(20'000, seed + i);
        return wrong;
    };
    auto first = std::async(std::launch::async, [&] { send(ends.left, 0); });
    auto second = std::async(std::launch::async, [&] { send(ends.right, 1000); });
    auto third = std::async(std::launch::async, [&] { return receive(ends.left, 1000); });
    CHECK(receive(ends.right, 0) == 0);
    CHECK(third.get() == 0);
    first.get();
    second.get();
}

TEMPLATE_TEST_CASE("a blocking receive reports the end of the stream and invalid frames", "", blocking_tcp,
                   blocking_local)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    asio::write(ends.left.stream(), asio::buffer(framed("whole") + header(9) + "cut"));
    ends.left.close();
    CHECK(ends.right.receive_text() == "whole");
    CHECK(error_of_receive(ends.right) == frame_errc::truncated);
    std::error_code error;
    CHECK(ends.right.receive(error).empty());
    CHECK(error == frame_errc::truncated);

    auto others = make_pair<TestType>(io);
    asio::write(others.left.stream(), asio::buffer(header(0)));
    CHECK(error_of_receive(others.right) == frame_errc::empty_frame);
    CHECK_THROWS_AS(others.right.receive_some(), std::system_error);
    others.left.send("", error);
    CHECK(error == frame_errc::empty_frame);
    CHECK_THROWS_AS(others.left.send(""), std::system_error);
}

TEMPLATE_TEST_CASE("a receive on a non-blocking socket loses nothing", "", blocking_tcp, blocking_local, blocking_tls)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    ends.right.lowest_layer().non_blocking(true);
    auto const frame = framed("in two halves");
    asio::write(ends.left.stream(), asio::buffer(frame, 7));
    std::error_code error;
    while (ends.right.decoder().size() < 7) {
        CHECK(ends.right.receive(error).empty());
        CHECK(error == asio::error::would_block);
    }
    asio::write(ends.left.stream(), asio::buffer(frame) + 7);
    std::string text;
    do text = ends.right.receive_text(error);
    while (error == asio::error::would_block);
    CHECK(text == "in two halves");
}

TEMPLATE_TEST_CASE("a shutdown by another thread ends a blocking receive", "", blocking_tcp, blocking_local)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    auto receiver = std::async(std::launch::async, [&] { return error_of_receive(ends.right); });
    ends.right.shutdown(asio::socket_base::shutdown_both);
    CHECK(receiver.get() == asio::error::eof);
}

TEST_CASE("a thread and a coroutine exchange messages")
{
    asio::io_context io;
    over_tcp left{io};
    blocking_tcp right{io};
    connect(left, right);
    auto server = std::async(std::launch::async, [&] { return echo(right); });
    auto const exchange = [&]() -> task_of<over_tcp> {
        co_await left.send("from a coroutine");
        auto const reply = co_await left.receive_text();
        CHECK(reply == "from a coroutine");
        left.shutdown(asio::socket_base::shutdown_send);
    };
    run_all(io, exchange());
    CHECK(server.get() == asio::error::eof);
}
