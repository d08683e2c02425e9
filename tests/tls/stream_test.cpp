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

tls::stream::time_point in_good_time()
{
    return std::chrono::steady_clock::now() + std::chrono::minutes{2};
}

task<void> accept(socket_type& socket, contexts& made, error_code& failed)
{
    failed = co_await socket.accept_tls(made.server, in_good_time());
}

task<void> connect(socket_type& socket, contexts& made, error_code& failed)
{
    auto const met = co_await socket.connect_tls(made.client, "localhost", in_good_time());
    failed = error_code{};
    if (!met) failed = met.error();
    if (met) CHECK(met->fingerprint == made.key.fingerprint());
}

/// Two ends that have shaken hands; left is the server.
struct secured {
    secured() : ends(tcp_pair<socket_type>(io))
    {
        error_code server;
        error_code client;
        run_all(io, accept(ends.left, made, server), connect(ends.right, made, client));
        REQUIRE_FALSE(server);
        REQUIRE_FALSE(client);
        REQUIRE(ends.left.is_established());
        REQUIRE(ends.right.is_established());
    }

    asio::io_context io;
    contexts made;
    connected ends;
};

task<void> send_texts(socket_type& socket, int count, std::size_t size)
{
    for (int i = 0; i < count; ++i) co_await socket.send_text(std::string(size, static_cast<char>('a' + i % 26)));
}

task<void> receive_texts(socket_type& socket, int count, std::size_t size)
{
    for (int i = 0; i < count; ++i) {
        auto const text = co_await socket.receive_text();
        if (text != std::string(size, static_cast<char>('a' + i % 26))) FAIL("text " << i << " is not as it was sent");
    }
}

task<void> receive_one(socket_type& socket, std::string& text, error_code& failed)
{
    text = co_await socket.receive_text(failed);
}

task<void> read_some(socket_type& socket, error_code& failed)
{
    co_await socket.read_some(failed);
}

task<void> end(socket_type& socket)
{
    auto const failed = co_await socket.end_sending();
    CHECK_FALSE(failed);
}

}  // namespace

TEST_CASE("a plain stream is the socket that it is made from")
{
    asio::io_context io;
    auto ends = tcp_pair<socket_type>(io);
    run_all(io, send_texts(ends.left, 100, 1000), receive_texts(ends.right, 100, 1000));
    CHECK_FALSE(ends.left.is_tls());
    std::string text;
    error_code failed;
    run_all(io, end(ends.left), receive_one(ends.right, text, failed));
    CHECK(failed == asio::error::eof);
}

TEST_CASE("what a plain stream takes at once is sent without waiting")
{
    asio::io_context io;
    auto ends = tcp_pair<socket_type>(io);
    ends.left.non_blocking(true);
    std::string const bytes(1 << 20, 'x');
    std::size_t taken = 0;
    error_code error;
    while (!error) taken += ends.left.try_write_some(asio::buffer(bytes), error);
    CHECK(error == asio::error::would_block);
    CHECK(taken > 0);
    CHECK(ends.left.try_write_some(asio::buffer(bytes), error) == 0);

    std::string came(taken, '\0');
    asio::read(static_cast<detail::base::tcp_socket&>(ends.right), asio::buffer(came));
    CHECK(came == std::string(taken, 'x'));

    error_code ignored;
    ends.right.close(ignored);
    error = {};
    while (!error || error == asio::error::would_block) ends.left.try_write_some(asio::buffer(bytes), error);
    CHECK((error == asio::error::broken_pipe || error == asio::error::connection_reset));
}

TEST_CASE("nothing is sent past TLS without waiting")
{
    secured both;
    error_code error;
    CHECK(both.ends.left.try_write_some(asio::buffer("in the clear", 12), error) == 0);
    CHECK(error == asio::error::would_block);
    run_all(both.io, send_texts(both.ends.left, 3, 10), receive_texts(both.ends.right, 3, 10));
}

TEST_CASE("messages go both ways at once over TLS")
{
    auto const size = GENERATE(std::size_t{1}, std::size_t{64}, std::size_t{20'000}, std::size_t{500'000});
    secured both;
    int const count = size > 100'000 ? 20 : 200;
    run_all(both.io, send_texts(both.ends.left, count, size), receive_texts(both.ends.left, count, size),
            send_texts(both.ends.right, count, size), receive_texts(both.ends.right, count, size));
}

TEST_CASE("a stream that is moved goes on where it was")
{
    secured both;
    socket_type moved{std::move(both.ends.left)};
    run_all(both.io, send_texts(moved, 3, 10), receive_texts(both.ends.right, 3, 10));
}

TEST_CASE("the end of one direction is told by close_notify and the other one goes on")
{
    secured both;
    std::string text;
    error_code failed;
    run_all(both.io, end(both.ends.left), receive_one(both.ends.right, text, failed));
    CHECK(failed == asio::error::eof);
    run_all(both.io, send_texts(both.ends.right, 3, 10), receive_texts(both.ends.left, 3, 10));
}

TEST_CASE("a TCP end without close_notify is truncated")
{
    secured both;
    both.ends.left.close();
    std::string text;
    error_code failed;
    run_all(both.io, receive_one(both.ends.right, text, failed));
    CHECK(failed == tls::errc::truncated);
}

TEST_CASE("a cancelled read over TLS loses nothing and the last words can still be said")
{
    secured both;
    auto& [left, right] = both.ends;
    error_code failed;
    auto cancel_while_waiting = [&]() -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, use_task);
        left.cancel();
    };
    run_all(both.io, read_some(left, failed), cancel_while_waiting());
    CHECK(failed == asio::error::operation_aborted);
    run_all(both.io, send_texts(left, 1, 100), end(left), receive_texts(right, 1, 100));
    run_all(both.io, send_texts(right, 1, 100), receive_texts(left, 1, 100));
}

TEST_CASE("a read that was about to wait again hears a cancel")
{
    secured both;
    auto& [left, right] = both.ends;
    error_code failed;
    bool ended = false;
    asio::co_spawn(both.io, read_some(left, failed), [&](std::exception_ptr) { ended = true; });
    both.io.restart();
    both.io.poll();  // it waits

    // The socket is found ready for reading and for writing at once; the one who waits for writing is told first and
    // cancels when the wait of the read is over, too, and the read does not know yet. What is there is the beginning of
    // a record, so it is about to wait again.
    static_cast<detail::base::tcp_socket&>(right).send(asio::buffer("\x17\x03\x03\x00\x40...", 8));
    while (left.available() < 8) std::this_thread::yield();  // not always at once, on loopback
    left.async_wait(asio::socket_base::wait_write, [&](error_code) { left.cancel(); });
    both.io.poll();
    CHECK(ended);
    CHECK(failed == asio::error::operation_aborted);
    left.cancel();
    both.io.run();
}

TEST_CASE("a cancelled write is finished by the next one")
{
    secured both;
    auto& [left, right] = both.ends;
    // More than both sockets' buffers take: the write waits for a peer that does not read yet.
    std::string const large(8 * 1024 * 1024, 'x');
    right.decoder().limit(large.size());
    left.queue(large);
    error_code failed;
    bool ended = false;
    auto flush = [&]() -> task<void> { co_await left.flush(failed); };
    asio::co_spawn(both.io, flush(), [&](std::exception_ptr) { ended = true; });
    both.io.restart();
    both.io.poll();
    CHECK_FALSE(ended);
    left.cancel();
    both.io.run();
    CHECK(ended);
    CHECK(failed == asio::error::operation_aborted);

    std::string text;
    error_code received;
    auto more = [&]() -> task<void> {
        co_await left.send_text("closing");
        co_await left.end_sending();
    };
    run_all(both.io, more(), receive_one(right, text, received));
    CHECK_FALSE(received);
    CHECK(text == large);
    run_all(both.io, receive_one(right, text, received));
    CHECK(text == "closing");
    run_all(both.io, receive_one(right, text, received));
    CHECK(received == asio::error::eof);
}

TEST_CASE("a handshake that does not end is timed out")
{
    asio::io_context io;
    contexts made;
    auto ends = tcp_pair<socket_type>(io);
    auto const at_once = std::chrono::steady_clock::now();
    auto const failed = testing::run(io, ends.left.accept_tls(made.server, at_once));
    CHECK(failed == asio::error::timed_out);
    CHECK(ends.left.is_tls());
    CHECK_FALSE(ends.left.is_established());
}

TEST_CASE("a cancelled handshake ends at once")
{
    asio::io_context io;
    contexts made;
    auto ends = tcp_pair<socket_type>(io);
    error_code failed;
    auto cancel = [&]() -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, use_task);
        ends.left.cancel();
    };
    run_all(io, accept(ends.left, made, failed), cancel());
    CHECK(failed == asio::error::operation_aborted);
}

TEST_CASE("a peer that hangs up in a handshake or speaks something else is an error")
{
    auto const said = GENERATE(std::string{}, std::string{"\x16\x03\x01\x00\x05hello", 10}, std::string(100, '\x16'));
    asio::io_context io;
    contexts made;
    auto ends = tcp_pair<socket_type>(io);
    detail::base::tcp_socket plain{std::move(ends.right)};
    if (!said.empty()) plain.send(asio::buffer(said));
    plain.shutdown(asio::socket_base::shutdown_send);
    error_code failed;
    run_all(io, accept(ends.left, made, failed));
    CHECK(failed);
    CHECK(failed.category() == tls::category());
}
