#include "tls/stream.hpp"

#include <asio/read.hpp>
#include <string>
#include <thread>

#include "porter/message_socket.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"
#include "tls/contexts.hpp"
#include "tls/error.hpp"
#include "wire/pairs.hpp"

using namespace porter;
using namespace porter::testing;
using detail::base::error_code;
using socket_type = message_socket<tls::stream>;
using connected = porter::testing::pair<socket_type>;

namespace {

tls::stream::time_point far_deadline()
{
    return std::chrono::steady_clock::now() + std::chrono::minutes{2};
}

task<void> accept(socket_type& socket, contexts& sides, error_code& error)
{
    error = co_await socket.accept_tls(sides.server, far_deadline());
}

task<void> connect(socket_type& socket, contexts& sides, error_code& error)
{
    auto const identity = co_await socket.connect_tls(sides.client, "localhost", far_deadline());
    error = error_code{};
    if (!identity) error = identity.error();
    if (identity) CHECK(identity->fingerprint == sides.key.fingerprint());
}

/// Two ends after the handshake; left is the server.
struct tls_pair {
    tls_pair() : ends(tcp_pair<socket_type>(io))
    {
        error_code server;
        error_code client;
        run_all(io, accept(ends.left, sides, server), connect(ends.right, sides, client));
        REQUIRE_FALSE(server);
        REQUIRE_FALSE(client);
        REQUIRE(ends.left.is_established());
        REQUIRE(ends.right.is_established());
    }

    asio::io_context io;
    contexts sides;
    connected ends;
};

task<void> send_texts(socket_type& socket, int count, std::size_t size)
{
    for (int i = 0; i < count; ++i) co_await socket.send(std::string(size, static_cast<char>('a' + i % 26)));
}

task<void> receive_texts(socket_type& socket, int count, std::size_t size)
{
    for (int i = 0; i < count; ++i) {
        auto const text = co_await socket.receive_text();
        if (text != std::string(size, static_cast<char>('a' + i % 26))) FAIL("text " << i << " is not as it was sent");
    }
}

task<void> receive_one(socket_type& socket, std::string& text, error_code& error)
{
    text = co_await socket.receive_text(error);
}

task<void> read_some(socket_type& socket, error_code& error)
{
    co_await socket.read_some(error);
}

task<void> end(socket_type& socket)
{
    auto const error = co_await socket.end_sending();
    CHECK_FALSE(error);
}

}  // namespace

TEST_CASE("without a handshake a stream is a plain socket")
{
    asio::io_context io;
    auto ends = tcp_pair<socket_type>(io);
    run_all(io, send_texts(ends.left, 100, 1000), receive_texts(ends.right, 100, 1000));
    CHECK_FALSE(ends.left.is_tls());
    std::string text;
    error_code error;
    run_all(io, end(ends.left), receive_one(ends.right, text, error));
    CHECK(error == asio::error::eof);
}

TEST_CASE("try_write_some writes to a plain socket without waiting")
{
    asio::io_context io;
    auto ends = tcp_pair<socket_type>(io);
    ends.left.non_blocking(true);
    std::string const bytes(1 << 20, 'x');
    std::size_t written = 0;
    error_code error;
    while (!error) written += ends.left.try_write_some(asio::buffer(bytes), error);
    CHECK(error == asio::error::would_block);
    CHECK(written > 0);
    CHECK(ends.left.try_write_some(asio::buffer(bytes), error) == 0);

    std::string received(written, '\0');
    asio::read(static_cast<detail::base::tcp_socket&>(ends.right), asio::buffer(received));
    CHECK(received == std::string(written, 'x'));

    error_code ignored;
    ends.right.close(ignored);
    error = {};
    while (!error || error == asio::error::would_block) ends.left.try_write_some(asio::buffer(bytes), error);
    CHECK((error == asio::error::broken_pipe || error == asio::error::connection_reset));
}

TEST_CASE("try_write_some sends no plaintext over TLS")
{
    tls_pair pair;
    error_code error;
    CHECK(pair.ends.left.try_write_some(asio::buffer("as plaintext", 12), error) == 0);
    CHECK(error == asio::error::would_block);
    run_all(pair.io, send_texts(pair.ends.left, 3, 10), receive_texts(pair.ends.right, 3, 10));
}

TEST_CASE("messages are exchanged in both directions at once over TLS")
{
    auto const size = GENERATE(std::size_t{1}, std::size_t{64}, std::size_t{20'000}, std::size_t{500'000});
    tls_pair pair;
    int const count = size > 100'000 ? 20 : 200;
    run_all(pair.io, send_texts(pair.ends.left, count, size), receive_texts(pair.ends.left, count, size),
            send_texts(pair.ends.right, count, size), receive_texts(pair.ends.right, count, size));
}

TEST_CASE("a moved stream continues where it stopped")
{
    tls_pair pair;
    socket_type moved{std::move(pair.ends.left)};
    run_all(pair.io, send_texts(moved, 3, 10), receive_texts(pair.ends.right, 3, 10));
}

TEST_CASE("a close_notify ends one direction and the other one continues")
{
    tls_pair pair;
    std::string text;
    error_code error;
    run_all(pair.io, end(pair.ends.left), receive_one(pair.ends.right, text, error));
    CHECK(error == asio::error::eof);
    run_all(pair.io, send_texts(pair.ends.right, 3, 10), receive_texts(pair.ends.left, 3, 10));
}

TEST_CASE("a TCP end without close_notify is the error truncated")
{
    tls_pair pair;
    pair.ends.left.close();
    std::string text;
    error_code error;
    run_all(pair.io, receive_one(pair.ends.right, text, error));
    CHECK(error == tls::errc::truncated);
}

TEST_CASE("a cancelled read over TLS loses nothing and the stream can still send")
{
    tls_pair pair;
    auto& [left, right] = pair.ends;
    error_code error;
    auto cancel_while_waiting = [&]() -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, use_task);
        left.cancel();
    };
    run_all(pair.io, read_some(left, error), cancel_while_waiting());
    CHECK(error == asio::error::operation_aborted);
    run_all(pair.io, send_texts(left, 1, 100), end(left), receive_texts(right, 1, 100));
    run_all(pair.io, send_texts(right, 1, 100), receive_texts(left, 1, 100));
}

TEST_CASE("a read that is about to wait again is cancelled")
{
    tls_pair pair;
    auto& [left, right] = pair.ends;
    error_code error;
    bool ended = false;
    asio::co_spawn(pair.io, read_some(left, error), [&](std::exception_ptr) { ended = true; });
    pair.io.restart();
    pair.io.poll();  // it waits

    // The socket becomes readable and writable at once. The handler of the write wait runs first and cancels when the
    // wait of the read has ended, but its handler has not run. The input is the beginning of a record, so the read is
    // about to wait again.
    static_cast<detail::base::tcp_socket&>(right).send(asio::buffer("\x17\x03\x03\x00\x40...", 8));
    while (left.available() < 8) std::this_thread::yield();  // loopback may deliver it later
    left.async_wait(asio::socket_base::wait_write, [&](error_code) { left.cancel(); });
    pair.io.poll();
    CHECK(ended);
    CHECK(error == asio::error::operation_aborted);
    left.cancel();
    pair.io.run();
}

TEST_CASE("a cancelled write is finished by the next one")
{
    tls_pair pair;
    auto& [left, right] = pair.ends;
    // More than the buffers of both sockets hold: the write waits for the peer to read.
    std::string const large(8 * 1024 * 1024, 'x');
    right.decoder().limit(large.size());
    left.queue(large);
    error_code error;
    bool ended = false;
    auto flush = [&]() -> task<void> { co_await left.flush(error); };
    asio::co_spawn(pair.io, flush(), [&](std::exception_ptr) { ended = true; });
    pair.io.restart();
    pair.io.poll();
    CHECK_FALSE(ended);
    left.cancel();
    pair.io.run();
    CHECK(ended);
    CHECK(error == asio::error::operation_aborted);

    std::string text;
    error_code received;
    auto more = [&]() -> task<void> {
        co_await left.send("closing");
        co_await left.end_sending();
    };
    run_all(pair.io, more(), receive_one(right, text, received));
    CHECK_FALSE(received);
    CHECK(text == large);
    run_all(pair.io, receive_one(right, text, received));
    CHECK(text == "closing");
    run_all(pair.io, receive_one(right, text, received));
    CHECK(received == asio::error::eof);
}

TEST_CASE("a handshake that does not end times out")
{
    asio::io_context io;
    contexts sides;
    auto ends = tcp_pair<socket_type>(io);
    auto const deadline = std::chrono::steady_clock::now();
    auto const error = testing::run(io, ends.left.accept_tls(sides.server, deadline));
    CHECK(error == asio::error::timed_out);
    CHECK(ends.left.is_tls());
    CHECK_FALSE(ends.left.is_established());
}

TEST_CASE("a cancelled handshake ends at once")
{
    asio::io_context io;
    contexts sides;
    auto ends = tcp_pair<socket_type>(io);
    error_code error;
    auto cancel = [&]() -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, use_task);
        ends.left.cancel();
    };
    run_all(io, accept(ends.left, sides, error), cancel());
    CHECK(error == asio::error::operation_aborted);
}

TEST_CASE("a handshake fails if the peer closes or does not use TLS")
{
    auto const input = GENERATE(std::string{}, std::string{"\x16\x03\x01\x00\x05hello", 10}, std::string(100, '\x16'));
    asio::io_context io;
    contexts sides;
    auto ends = tcp_pair<socket_type>(io);
    detail::base::tcp_socket plain{std::move(ends.right)};
    if (!input.empty()) plain.send(asio::buffer(input));
    plain.shutdown(asio::socket_base::shutdown_send);
    error_code error;
    run_all(io, accept(ends.left, sides, error));
    CHECK(error);
    CHECK(error.category() == tls::category());
}
