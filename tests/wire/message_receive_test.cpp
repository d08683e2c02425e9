#include "support/catch.hpp"
#include "wire/bytes.hpp"
#include "wire/scripted_socket.hpp"

using namespace porter;
using namespace porter::testing;

namespace {

task<std::error_code> received_until_error(scripted_socket& socket, std::vector<std::string>& texts)
{
    std::error_code error;
    for (;;) {
        std::string text = co_await socket.receive_text(error);
        if (error) co_return error;
        texts.push_back(std::move(text));
    }
}

std::error_code received(asio::io_context& io, scripted_socket& socket, std::vector<std::string>& texts)
{
    return testing::run(io, received_until_error(socket, texts));
}

task<> receive_batches(scripted_socket& socket)
{
    std::error_code error;
    co_await socket.receive_some(error);
    CHECK_FALSE(error);
    CHECK(socket.reads() == 1);
    CHECK(text_of(*socket.next(error)) == "one");
    co_await socket.receive_some(error);  // one is buffered
    CHECK(socket.reads() == 1);
    CHECK(text_of(*socket.next(error)) == "two");
    CHECK_FALSE(socket.next(error));
    CHECK_FALSE(error);
    CHECK(socket.decoder().partial());
    CHECK(socket.decoder().expected() == 5);

    co_await socket.read_some(error);
    CHECK(text_of(*socket.next(error)) == "three");
    co_await socket.receive_some(error);
    CHECK(error == asio::error::eof);
}

}  // namespace

TEST_CASE("messages are received whole wherever the stream is split")
{
    auto const stream = framed("one") + framed("two") + framed(pattern(300));
    for (std::size_t split = 0; split <= stream.size(); ++split) {
        asio::io_context io;
        scripted_socket socket{io};
        if (split > 0) socket.add_input(stream.substr(0, split));
        if (split < stream.size()) socket.add_input(stream.substr(split));
        std::vector<std::string> texts;
        CHECK(received(io, socket, texts) == asio::error::eof);
        CHECK(texts == std::vector<std::string>{"one", "two", pattern(300)});
    }
}

TEST_CASE("the end of the stream in the middle of a message is the error truncated")
{
    auto const stream = framed("whole") + framed("cut off");
    for (std::size_t end = 10; end < stream.size(); ++end) {
        asio::io_context io;
        scripted_socket socket{io};
        socket.add_input(stream.substr(0, end));
        std::vector<std::string> texts;
        CHECK(received(io, socket, texts) == frame_errc::truncated);
        CHECK(texts == std::vector<std::string>{"whole"});
    }
}

TEST_CASE("many small messages are received with one read")
{
    asio::io_context io;
    scripted_socket socket{io};
    std::string stream;
    for (int i = 0; i < 100; ++i) stream += framed("message");
    socket.add_input(stream);
    std::vector<std::string> texts;
    CHECK(received(io, socket, texts) == asio::error::eof);
    CHECK(texts.size() == 100);
    CHECK(socket.reads() == 2);
}

TEST_CASE("an invalid frame is an error after the valid ones before it")
{
    for (auto const& [bytes, expected] :
         {std::pair{header(0), frame_errc::empty_frame}, std::pair{header(0xffffffff), frame_errc::frame_too_large}}) {
        asio::io_context io;
        scripted_socket socket{io};
        socket.add_input(framed("good") + bytes);
        std::vector<std::string> texts;
        CHECK(received(io, socket, texts) == expected);
        CHECK(received(io, socket, texts) == expected);
        CHECK(texts == std::vector<std::string>{"good"});
    }
}

TEST_CASE("a read that fails is reported with its own code")
{
    asio::io_context io;
    scripted_socket socket{io};
    socket.add_input(framed("before") + "\0");
    socket.add_read_error(asio::error::connection_reset);
    std::vector<std::string> texts;
    CHECK(received(io, socket, texts) == asio::error::connection_reset);
    CHECK(texts == std::vector<std::string>{"before"});
}

TEST_CASE("a batch is received without copies and a read may leave a message incomplete")
{
    asio::io_context io;
    scripted_socket socket{io};
    socket.add_input(framed("one") + framed("two") + header(5) + "th");
    socket.add_input("ree");
    testing::run(io, receive_batches(socket));
}

TEST_CASE("waiting for a message ends with an invalid one")
{
    asio::io_context io;
    scripted_socket socket{io};
    socket.add_input(header(0));
    std::error_code error;
    testing::run(io, socket.receive_some(error));
    CHECK(error == frame_errc::empty_frame);
}

TEST_CASE("trimming an idle socket frees its memory")
{
    asio::io_context io;
    scripted_socket socket{io};
    socket.add_input(framed("hello"));
    std::vector<std::string> texts;
    received(io, socket, texts);
    CHECK(socket.decoder().capacity() > 0);
    socket.trim();
    CHECK(socket.decoder().capacity() == 0);
}
