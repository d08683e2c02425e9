// Receives with a deadline, and receives that are cancelled by other means, over every kind of stream.
#include <asio/basic_waitable_timer.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "base/awaitable_operators.hpp"
#include "porter/blocking_message_socket.hpp"
#include "support/catch.hpp"
#include "tls/stream.hpp"
#include "wire/bytes.hpp"
#include "wire/pairs.hpp"
#include "wire/tls_pairs.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
using namespace porter::detail::base::awaitable_operators;

namespace {

using over_own_stream = message_socket<detail::tls::stream>;

template <typename Socket>
using token_of = asio::use_awaitable_t<typename Socket::executor_type>;

template <typename Socket>
task_of<Socket> write_raw(Socket& socket, std::string bytes)
{
    auto token = token_of<Socket>{};
    co_await asio::async_write(socket.stream(), asio::buffer(bytes), token);
}

template <typename Socket>
task_of<Socket> receive_between_time_outs(pair<Socket>& ends)
{
    auto const nothing = co_await ends.right.receive_for(0s);
    CHECK(nothing.error() == asio::error::timed_out);
    auto const frame = framed("cut by time-outs");
    for (std::size_t split = 1; split < frame.size(); ++split) {
        co_await write_raw(ends.left, frame.substr(0, split));
        while (ends.right.decoder().size() < split) {
            auto const cut = co_await ends.right.receive_some_for(1ms);
            CHECK(cut.error() == asio::error::timed_out);
        }
        auto const cut = co_await ends.right.receive_text_for(-1s);
        CHECK(cut.error() == asio::error::timed_out);
        co_await write_raw(ends.left, frame.substr(split));
        auto const whole = co_await ends.right.receive_text_for(1h);
        CHECK(whole.value_or("an error") == "cut by time-outs");
    }
    ends.left.queue("with a deadline");
    ends.left.queue("without one");
    co_await ends.left.flush();
    auto const timed = co_await ends.right.receive_for(std::chrono::nanoseconds::max());
    CHECK(text_of(timed.value()) == "with a deadline");
    auto const untimed = co_await ends.right.receive_text();
    CHECK(untimed == "without one");
}

template <typename Socket>
task_of<Socket> send_numbers(Socket& socket, int count)
{
    for (int i = 0; i < count; ++i) co_await socket.send(std::to_string(i));
}

template <typename Socket>
task_of<Socket> receive_numbers(Socket& socket, int count)
{
    for (int i = 0; i < count;) {
        auto const text = co_await socket.receive_text_for(0s);
        if (!text) {
            CHECK(text.error() == asio::error::timed_out);
        } else if (*text != std::to_string(i++)) {
            FAIL("received " << *text);
        }
    }
}

template <typename Socket>
task_of<Socket> receive_or_wait(pair<Socket>& ends)
{
    using clock = std::chrono::steady_clock;
    using timer_type = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, typename Socket::executor_type>;
    timer_type timer{ends.left.get_executor()};
    auto const frame = framed("after two races");
    for (std::size_t const sent : {std::size_t{0}, std::size_t{7}}) {
        co_await write_raw(ends.left, frame.substr(0, sent));
        do {
            timer.expires_after(1ms);
            auto either = ends.right.receive_text() || timer.async_wait(token_of<Socket>{});
            auto const first = co_await std::move(either);
            CHECK(first.index() == 1);
        } while (ends.right.decoder().size() < sent);
    }
    co_await write_raw(ends.left, frame.substr(7));
    timer.expires_after(1h);
    auto either = ends.right.receive_text() || timer.async_wait(token_of<Socket>{});
    auto const first = co_await std::move(either);
    CHECK(std::get<0>(first) == "after two races");
}

template <typename Socket>
task_of<Socket> receive_for_an_hour(Socket& socket, std::error_code& error)
{
    auto const text = co_await socket.receive_text_for(1h);
    error = text ? std::error_code{} : text.error();
}

template <typename Socket>
task_of<Socket> expect_text(Socket& socket, std::string expected)
{
    auto const text = co_await socket.receive_text_for(1h);
    CHECK((text.value_or("an error") == expected));
}

template <typename Socket>
task_of<Socket> expect_time_outs_until(Socket& socket, std::function<bool()> done)
{
    while (!done()) {
        auto const cut = co_await socket.receive_some_for(1ms);
        CHECK(cut.error() == asio::error::timed_out);
    }
}

template <typename Socket>
task_of<Socket> expect_errors(pair<Socket>& ends)
{
    co_await write_raw(ends.left, framed("last") + header(0));
    auto const last = co_await ends.right.receive_text_for(1h);
    CHECK(last.value_or("an error") == "last");
    auto const invalid = co_await ends.right.receive_for(1h);
    CHECK(invalid.error() == frame_errc::empty_frame);
    co_await write_raw(ends.right, framed("cut").substr(0, 6));
    ends.right.lowest_layer().close();
    auto const ended = co_await ends.left.receive_some_for(1h);
    bool const is_truncated =
        ended.error() == frame_errc::truncated || ended.error() == asio::ssl::error::stream_truncated;
    CHECK(is_truncated);
}

}  // namespace

TEMPLATE_TEST_CASE("a message that is cut by time-outs in the middle of a frame arrives whole", "", over_tcp,
                   over_local, over_tls, over_own_stream)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    run_all(io, receive_between_time_outs(ends));
}

TEMPLATE_TEST_CASE("messages that arrive at the deadline are received once and in order", "", over_tcp, over_local,
                   over_tls, over_own_stream)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    run_all(io, send_numbers(ends.left, 1000), receive_numbers(ends.right, 1000));
}

TEMPLATE_TEST_CASE("a receive that loses a race against a timer loses nothing", "", over_tcp, over_local, over_tls,
                   over_own_stream)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    run_all(io, receive_or_wait(ends));
}

TEMPLATE_TEST_CASE("a receive with a deadline ends with its coroutine's cancellation", "", over_tcp, over_local,
                   over_tls, over_own_stream)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    std::error_code error;
    bool ended = false;
    asio::cancellation_signal stop;
    auto const end = [&](std::exception_ptr thrown) {
        CHECK_FALSE(thrown);
        ended = true;
    };
    run_all(io, write_raw(ends.left, framed("late").substr(0, 6)));
    asio::co_spawn(ends.right.get_executor(), receive_for_an_hour(ends.right, error),
                   asio::bind_cancellation_slot(stop.slot(), end));
    io.restart();
    while (ends.right.decoder().size() < 6) io.run_one();
    io.poll();
    CHECK_FALSE(ended);
    stop.emit(asio::cancellation_type::terminal);
    io.run();  // ends: the timer is cancelled, too
    CHECK(ended);
    CHECK(error == asio::error::operation_aborted);
    run_all(io, write_raw(ends.left, framed("late").substr(6)), expect_text(ends.right, "late"));
}

TEMPLATE_TEST_CASE("a receive with a deadline returns the errors of the stream as values", "", over_tcp, over_local,
                   over_tls)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    run_all(io, expect_errors(ends));
}

TEMPLATE_TEST_CASE("the timer of a receive may run after the socket is destroyed", "", over_tcp, over_local, over_tls)
{
    asio::io_context io;
    auto ends = std::make_unique<pair<TestType>>(make_pair<TestType>(io));
    run_all(io, write_raw(ends->left, framed("in time")), expect_text(ends->right, "in time"));
    ends.reset();
    io.restart();
    io.run();
}

TEST_CASE("a message that is cut by time-outs in the middle of a TLS record arrives whole")
{
    asio::io_context io;
    ssl_contexts sides;
    asio::ip::tcp::socket transport{io};
    message_socket<asio::ssl::stream<asio::ip::tcp::socket>> socket{io, sides.server};
    blocking_message_socket<asio::ssl::stream<asio::ip::tcp::socket&>> peer{transport, sides.client};
    connect(transport, socket.next_layer());
    tls_handshake(io, socket, peer);

    // From here on the peer's records go to another socket, and the test passes them on in two pieces.
    asio::ip::tcp::socket network = std::move(transport);
    asio::ip::tcp::socket records{io};
    connect(transport, records);
    for (std::size_t const split : {1U, 4U, 5U, 6U, 100U, 1020U, 1040U}) {
        auto const text = pattern(1020, static_cast<unsigned>(split));
        peer.send(text);
        std::string record(5, '\0');
        asio::read(records, asio::buffer(record));
        auto const length_byte = [&](std::size_t at) {
            return static_cast<std::size_t>(static_cast<unsigned char>(record[at]));
        };
        record.resize(5 + length_byte(3) * 256 + length_byte(4));
        asio::read(records, asio::buffer(record) + 5);
        REQUIRE(record.size() > split);

        asio::write(network, asio::buffer(record, split));
        while (socket.next_layer().available() < split) std::this_thread::yield();  // loopback may deliver it later
        auto const is_read = [&] { return socket.next_layer().available() == 0; };
        run_all(io, expect_time_outs_until(socket, is_read));
        run_all(io, expect_time_outs_until(socket, [times = 0]() mutable { return ++times == 3; }));
        asio::write(network, asio::buffer(record) + split);
        run_all(io, expect_text(socket, text));
    }
}

// A reader that wrote would break the stream if a time-out cut its answer. OpenSSL answers a key update with the next
// write, here while all output is blocked.
TEST_CASE("a time-out after a key update is requested breaks nothing")
{
    asio::io_context io;
    auto ends = make_pair<over_tls>(io);
    auto& [left, right] = ends;
    std::string const large(16 * 1024 * 1024, 'x');  // more than the buffers of both sockets hold
    left.decoder().limit(large.size());
    bool is_flushed = false;
    right.queue(large);
    asio::co_spawn(io, right.flush(), [&](std::exception_ptr thrown) {
        CHECK_FALSE(thrown);
        is_flushed = true;
    });
    io.restart();
    io.poll();
    CHECK_FALSE(is_flushed);

    auto const frame = framed("with the new keys");
    REQUIRE(SSL_key_update(left.native_handle(), SSL_KEY_UPDATE_REQUESTED) == 1);
    run_all(io, write_raw(left, frame.substr(0, 8)));
    run_all(io, expect_time_outs_until(right, [&] { return right.decoder().size() == 8; }));
    run_all(io, expect_time_outs_until(right, [times = 0]() mutable { return ++times == 3; }));
    CHECK_FALSE(is_flushed);

    run_all(io, write_raw(left, frame.substr(8)), expect_text(right, "with the new keys"), expect_text(left, large));
    run_all(io, right.send("both ways"), expect_text(left, "both ways"));
    run_all(io, left.send("both ways"), expect_text(right, "both ways"));
    CHECK(is_flushed);
}
