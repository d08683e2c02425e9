#include "support/catch.hpp"
#include "wire/bytes.hpp"
#include "wire/scripted_socket.hpp"

using namespace porter;
using namespace porter::testing;

TEST_CASE("receives and sends without an error code throw")
{
    asio::io_context io;
    scripted_socket socket{io};
    auto const code_of = [&](auto work) {
        try {
            testing::run(io, std::move(work));
        } catch (std::system_error const& error) {
            return error.code();
        }
        return std::error_code{};
    };
    CHECK(code_of(socket.receive()) == asio::error::eof);
    CHECK(code_of(socket.receive_text()) == asio::error::eof);
    CHECK_THROWS_AS(socket.send(""), std::system_error);
    CHECK_THROWS_AS(socket.queue(""), std::system_error);
    socket.fail_writes_after(0, asio::error::broken_pipe);
    CHECK(code_of(socket.send("x")) == asio::error::broken_pipe);
    CHECK(code_of(socket.flush()) == asio::error::broken_pipe);
}

TEST_CASE("an empty message is an error and sends nothing")
{
    asio::io_context io;
    scripted_socket socket{io};
    std::error_code error;
    testing::run(io, socket.send("", error));
    CHECK(error == frame_errc::empty_frame);
    testing::run(io, socket.send(std::span<std::byte const>{}, error));
    CHECK(error == frame_errc::empty_frame);
    CHECK(socket.writes() == 0);
}

TEST_CASE("a message that is sent may be a temporary")
{
    asio::io_context io;
    scripted_socket socket{io};
    auto sending = socket.send(std::string("gone when the sending begins, and longer than a small string"));
    testing::run(io, std::move(sending));
    CHECK(socket.written() == framed("gone when the sending begins, and longer than a small string"));
}

TEST_CASE("the whole queue is written at once")
{
    asio::io_context io;
    scripted_socket socket{io};
    std::vector<std::string> const messages{"one", "two", "three"};
    socket.queue("zero");
    socket.queue({bytes_of("ha"), bytes_of("lf")});
    CHECK(socket.writes() == 0);
    CHECK(socket.encoder().size() == 16);
    testing::run(io, socket.send_all(messages));
    CHECK(socket.writes() == 1);
    CHECK(socket.encoder().empty());
    CHECK(socket.written() == framed("zero") + framed("half") + framed("one") + framed("two") + framed("three"));
}

TEST_CASE("partial writes are repeated until all is written")
{
    asio::io_context io;
    scripted_socket socket{io};
    socket.limit_writes(3);
    socket.queue("one");
    socket.queue(pattern(40));
    CHECK_FALSE(testing::run(io, flushed(socket)));
    CHECK(socket.written() == framed("one") + framed(pattern(40)));
    CHECK(socket.writes() == 17);
}

TEST_CASE("flushing nothing writes nothing")
{
    asio::io_context io;
    scripted_socket socket{io};
    CHECK_FALSE(testing::run(io, flushed(socket)));
    CHECK(socket.writes() == 0);
}

TEST_CASE("messages queued during a write are written after it")
{
    asio::io_context io;
    scripted_socket socket{io};
    int ended = 0;
    auto const end = [&](std::exception_ptr error, std::error_code code) {
        CHECK_FALSE(error);
        CHECK_FALSE(code);
        ++ended;
    };
    socket.queue("first");
    asio::co_spawn(io, flushed(socket), end);
    io.poll_one();  // starts the write; the stream reads its bytes later
    CHECK(socket.writes() == 0);

    std::string expected = framed("first");
    for (unsigned i = 0; i < 200; ++i) {
        socket.queue(pattern(1000, i));
        expected += framed(pattern(1000, i));
    }
    asio::co_spawn(io, flushed(socket), end);  // leaves its messages to the pending one
    io.run();
    CHECK(ended == 2);
    CHECK(socket.written() == expected);
    CHECK(socket.writes() == 2);
}

TEST_CASE("after a failed write the next flush continues where it stopped")
{
    asio::io_context io;
    scripted_socket socket{io};
    socket.fail_writes_after(6, asio::error::operation_aborted);
    socket.queue("one");
    socket.queue("two");
    CHECK(testing::run(io, flushed(socket)) == asio::error::operation_aborted);
    CHECK(socket.encoder().size() == 8);
    socket.clear_write_error();
    CHECK_FALSE(testing::run(io, flushed(socket)));
    CHECK(socket.written() == framed("one") + framed("two"));
}
