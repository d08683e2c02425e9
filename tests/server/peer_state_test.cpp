#include "server/peer_state.hpp"

#include <poll.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/write.hpp>

#include "base/asio.hpp"
#include "support/catch.hpp"

using namespace porter::detail;
using namespace porter::detail::server;

namespace {

/// A connection over loopback, seen from the server's side.
struct connected_pair {
    connected_pair()
    {
        base::tcp_acceptor acceptor{io.get_executor(), {asio::ip::address_v4::loopback(), 0}};
        peer.connect(acceptor.local_endpoint());
        acceptor.accept(socket);
    }

    int handle() { return socket.native_handle(); }

    /// Waits until the kernel reports this event of the server's socket: loopback may deliver it later.
    void wait_for(short event)
    {
        pollfd state{handle(), event, 0};
        while ((state.revents & event) == 0) REQUIRE(::poll(&state, 1, -1) == 1);
    }

    void reset_peer()
    {
        peer.set_option(asio::socket_base::linger{true, 0});
        peer.close();
        wait_for(POLLERR);
    }

    asio::io_context io;
    base::tcp_socket socket{io.get_executor()};
    base::tcp_socket peer{io.get_executor()};
};

}  // namespace

TEST_CASE("an open connection has no state to report")
{
    connected_pair pair;
    CHECK_FALSE(is_peer_gone(pair.handle()));
    CHECK_FALSE(is_reset(pair.handle()));
    CHECK_FALSE(is_peer_closed(pair.handle()));
    CHECK_FALSE(has_unread_input(pair.handle()));
}

TEST_CASE("input is unread until it is read")
{
    connected_pair pair;
    std::array<char, 3> bytes{'o', 'n', 'e'};
    asio::write(pair.peer, asio::buffer(bytes));
    pair.wait_for(POLLIN);
    CHECK(has_unread_input(pair.handle()));
    CHECK_FALSE(is_peer_closed(pair.handle()));
    CHECK_FALSE(is_peer_gone(pair.handle()));
    std::size_t read = 0;
    while (read < bytes.size()) read += pair.socket.read_some(asio::buffer(bytes));
    CHECK_FALSE(has_unread_input(pair.handle()));
}

TEST_CASE("a peer that has shut down its sending side is closed but not gone")
{
    connected_pair pair;
    pair.peer.shutdown(asio::socket_base::shutdown_send);
    pair.wait_for(POLLRDHUP);
    CHECK(is_peer_closed(pair.handle()));
    CHECK(has_unread_input(pair.handle()));  // the end of input
    CHECK_FALSE(is_peer_gone(pair.handle()));
    CHECK_FALSE(is_reset(pair.handle()));
}

TEST_CASE("after both sides have shut down the peer is gone without a reset")
{
    connected_pair pair;
    pair.peer.shutdown(asio::socket_base::shutdown_send);
    pair.wait_for(POLLRDHUP);
    pair.socket.shutdown(asio::socket_base::shutdown_send);
    CHECK(is_peer_gone(pair.handle()));
    CHECK(is_peer_closed(pair.handle()));
    CHECK_FALSE(is_reset(pair.handle()));
}

TEST_CASE("the own shutdown alone says nothing about the peer")
{
    connected_pair pair;
    pair.socket.shutdown(asio::socket_base::shutdown_send);
    CHECK_FALSE(is_peer_gone(pair.handle()));
    CHECK_FALSE(is_reset(pair.handle()));
    CHECK_FALSE(is_peer_closed(pair.handle()));
}

TEST_CASE("a reset is reported until a read returns its error and the peer stays gone")
{
    connected_pair pair;
    pair.reset_peer();
    CHECK(is_reset(pair.handle()));
    CHECK(is_peer_gone(pair.handle()));
    CHECK(is_peer_closed(pair.handle()));
    CHECK(has_unread_input(pair.handle()));  // the error
    std::array<char, 1> byte{};
    base::error_code error;
    pair.socket.read_some(asio::buffer(byte), error);
    CHECK(error == asio::error::connection_reset);
    CHECK_FALSE(is_reset(pair.handle()));
    CHECK(is_peer_gone(pair.handle()));
    CHECK(is_peer_closed(pair.handle()));
}

TEST_CASE("a reset after the end of input is reported")
{
    connected_pair pair;
    pair.peer.shutdown(asio::socket_base::shutdown_send);
    pair.wait_for(POLLRDHUP);
    CHECK_FALSE(is_reset(pair.handle()));
    pair.reset_peer();
    CHECK(is_reset(pair.handle()));
}

TEST_CASE("a closed socket has no state to report")
{
    connected_pair pair;
    pair.socket.close();
    CHECK_FALSE(is_peer_gone(pair.handle()));
    CHECK_FALSE(is_reset(pair.handle()));
    CHECK_FALSE(is_peer_closed(pair.handle()));
    CHECK_FALSE(has_unread_input(pair.handle()));
}
