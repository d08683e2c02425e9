// Receives of blocking_message_socket with a deadline, over every kind of stream.
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "porter/blocking_message_socket.hpp"
#include "support/catch.hpp"
#include "wire/blocking_sockets.hpp"
#include "wire/bytes.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

namespace {

/// The next TLS record that has been sent.
std::string read_record(asio::ip::tcp::socket& from)
{
    std::string record(5, '\0');
    asio::read(from, asio::buffer(record));
    auto const length_byte = [&](std::size_t at) {
        return static_cast<std::size_t>(static_cast<unsigned char>(record[at]));
    };
    record.resize(5 + length_byte(3) * 256 + length_byte(4));
    asio::read(from, asio::buffer(record) + 5);
    return record;
}

}  // namespace

TEMPLATE_TEST_CASE("a blocking receive that times out in the middle of a frame loses nothing", "", blocking_tcp,
                   blocking_local, blocking_tls)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    CHECK(ends.right.receive_for(0s).error() == asio::error::timed_out);
    auto const frame = framed("cut by time-outs");
    for (std::size_t split = 1; split < frame.size(); ++split) {
        asio::write(ends.left.stream(), asio::buffer(frame, split));
        while (ends.right.decoder().size() < split) {
            CHECK(ends.right.receive_some_for(1ms).error() == asio::error::timed_out);
        }
        CHECK(ends.right.receive_text_for(-1s).error() == asio::error::timed_out);
        asio::write(ends.left.stream(), asio::buffer(frame) + split);
        CHECK(ends.right.receive_text_for(1h).value_or("an error") == "cut by time-outs");
    }
    ends.left.queue("with a deadline");
    ends.left.queue("without one");
    ends.left.flush();
    CHECK(text_of(ends.right.receive_for(std::chrono::nanoseconds::max()).value()) == "with a deadline");
    CHECK(ends.right.receive_for(std::chrono::nanoseconds::min()));
    CHECK_FALSE(ends.right.lowest_layer().non_blocking());
}

TEMPLATE_TEST_CASE("one thread receives with deadlines while another one sends", "", blocking_tcp, blocking_local)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    auto const send = [](auto& socket, unsigned seed) {
        for (unsigned i = 0; i < 100; ++i) socket.send(pattern(100'000, seed + i));
    };
    auto const receive = [](auto& socket, unsigned seed) {
        int wrong = 0;
        for (unsigned i = 0; i < 100;) {
            auto const text = socket.receive_text_for(1ms);
            bool const has_timed_out = !text && text.error() == asio::error::timed_out;
            if (!has_timed_out) wrong += text.value_or("an error") != pattern(100'000, seed + i++);
        }
        return wrong;
    };
    auto first = std::async(std::launch::async, [&] { send(ends.left, 0); });
    auto second = std::async(std::launch::async, [&] { send(ends.right, 1000); });
    auto third = std::async(std::launch::async, [&] { return receive(ends.left, 1000); });
    CHECK(receive(ends.right, 0) == 0);
    CHECK(third.get() == 0);
    first.get();  // throws if the socket did not block the sender
    second.get();
}

TEMPLATE_TEST_CASE("a blocking receive with a deadline returns the errors of the stream as values", "", blocking_tcp,
                   blocking_local, blocking_tls)
{
    asio::io_context io;
    auto ends = make_pair<TestType>(io);
    auto const frames = framed("last") + header(0);
    asio::write(ends.left.stream(), asio::buffer(frames));
    CHECK(ends.right.receive_text_for(1h).value_or("an error") == "last");
    CHECK(ends.right.receive_for(1h).error() == frame_errc::empty_frame);
    auto const cut = framed("cut").substr(0, 6);
    asio::write(ends.right.stream(), asio::buffer(cut));
    ends.right.lowest_layer().close();
    auto const ended = ends.left.receive_some_for(1h).error();
    bool const is_truncated = ended == frame_errc::truncated || ended == asio::ssl::error::stream_truncated;
    CHECK(is_truncated);
    auto others = make_pair<TestType>(io);
    others.left.lowest_layer().close();
    CHECK(others.left.receive_some_for(1h).error() == asio::error::bad_descriptor);
}

TEST_CASE("a blocking receive that times out in the middle of a TLS record loses nothing")
{
    asio::io_context io;
    ssl_contexts sides;
    asio::ip::tcp::socket transport{io};
    blocking_tls socket{io, sides.server};
    blocking_message_socket<asio::ssl::stream<asio::ip::tcp::socket&>> peer{transport, sides.client};
    connect(transport, socket.next_layer());
    tls_handshake(io, socket, peer);

    // From here on the peer's records go to another socket, and the test passes them on in two pieces.
    asio::ip::tcp::socket network = std::move(transport);
    asio::ip::tcp::socket records{io};
    connect(transport, records);
    for (std::size_t const split : {1U, 4U, 5U, 6U, 100U}) {
        auto const text = pattern(1020, static_cast<unsigned>(split));
        peer.send(text);
        auto const record = read_record(records);
        REQUIRE(record.size() > split);
        asio::write(network, asio::buffer(record, split));
        while (socket.next_layer().available() < split) std::this_thread::yield();  // loopback may deliver it later
        for (auto const limit : {0ms, 1ms, 1ms}) {
            CHECK(socket.receive_some_for(limit).error() == asio::error::timed_out);
        }
        CHECK(socket.next_layer().available() == 0);
        asio::write(network, asio::buffer(record) + split);
        CHECK((socket.receive_text_for(1h).value_or("an error") == text));
    }
}
