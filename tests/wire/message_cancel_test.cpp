#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include "support/catch.hpp"
#include "wire/bytes.hpp"
#include "wire/pairs.hpp"
#include "wire/scripted_socket.hpp"

using namespace porter;
using namespace porter::testing;

TEST_CASE("a cancelled receive loses nothing of the stream")
{
    asio::io_context io;
    auto ends = tcp_pair<over_task_tcp>(io);
    std::error_code error;
    bool ended = false;
    asio::cancellation_signal stop;
    auto const end = [&](std::exception_ptr thrown) {
        CHECK_FALSE(thrown);
        ended = true;
    };
    ends.left.stream().send(asio::buffer(framed("late").substr(0, 6)));
    asio::co_spawn(io, ends.right.receive_some(error), asio::bind_cancellation_slot(stop.slot(), end));
    io.poll();  // reads the first half and waits for the rest
    CHECK(ends.right.decoder().partial());
    stop.emit(asio::cancellation_type::terminal);
    io.restart();
    io.run();
    CHECK(ended);
    CHECK(error == asio::error::operation_aborted);

    ends.left.stream().send(asio::buffer(framed("late").substr(6)));
    CHECK(testing::run(io, ends.right.receive_text()) == "late");
}

TEST_CASE("cancelling between two reads or writes gives an error code and no exception")
{
    asio::io_context io;
    scripted_socket socket{io};
    socket.limit_writes(1);
    for (int i = 0; i < 10; ++i) socket.add_input(framed("ten bytes!").substr(static_cast<std::size_t>(i), 1));
    socket.queue("also ten b");
    std::error_code receive_error;
    std::error_code send_error;
    int ended = 0;
    auto const end = [&](std::exception_ptr thrown) {
        CHECK_FALSE(thrown);
        ++ended;
    };
    asio::cancellation_signal stop_receive;
    asio::cancellation_signal stop_send;
    asio::co_spawn(io, socket.receive_some(receive_error), asio::bind_cancellation_slot(stop_receive.slot(), end));
    asio::co_spawn(io, socket.flush(send_error), asio::bind_cancellation_slot(stop_send.slot(), end));
    while (socket.writes() < 3) io.run_one();
    stop_receive.emit(asio::cancellation_type::terminal);
    stop_send.emit(asio::cancellation_type::terminal);
    io.run();
    CHECK(ended == 2);
    CHECK(receive_error == asio::error::operation_aborted);
    CHECK(send_error == asio::error::operation_aborted);
    CHECK(socket.decoder().partial());
    CHECK_FALSE(socket.encoder().empty());

    CHECK_FALSE(testing::run(io, flushed(socket)));
    CHECK(socket.written() == framed("also ten b"));
}
