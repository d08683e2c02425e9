// How a client notices that its server is gone.

#include "client/keepalive.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <asio/io_context.hpp>

#include "support/catch.hpp"

using namespace porter::detail;
using namespace porter::detail::client;
using namespace std::chrono_literals;

namespace {

int option_of(base::tcp_socket& socket, int level, int name)
{
    int value = 0;
    ::socklen_t size = sizeof value;
    REQUIRE(::getsockopt(socket.native_handle(), level, name, &value, &size) == 0);
    return value;
}

}  // namespace

TEST_CASE("a silent server is probed within a minute")
{
    asio::io_context io;
    base::tcp_socket socket{io.get_executor()};
    socket.open(asio::ip::tcp::v4());
    set_keepalive(socket);
    CHECK(option_of(socket, SOL_SOCKET, SO_KEEPALIVE) == 1);
    auto const idle = option_of(socket, IPPROTO_TCP, TCP_KEEPIDLE);
    auto const probes = option_of(socket, IPPROTO_TCP, TCP_KEEPINTVL) * option_of(socket, IPPROTO_TCP, TCP_KEEPCNT);
    CHECK(idle + probes == 60);
    CHECK(option_of(socket, IPPROTO_TCP, TCP_USER_TIMEOUT) == 0);  // it would end a connection with a closed window
}

TEST_CASE("a server that acknowledges nothing is gone at the second look")
{
    acknowledgement_check check;
    CHECK_FALSE(check.is_server_gone({true, 39s}));
    CHECK_FALSE(check.is_server_gone({true, 49s}));
    CHECK(check.is_server_gone({true, 59s}));
}

TEST_CASE("a server that answers the probe of a closed window is not gone")
{
    acknowledgement_check check;
    CHECK_FALSE(check.is_server_gone({true, 119s}));  // the probe is under way
    CHECK_FALSE(check.is_server_gone({false, 9s}));
    CHECK_FALSE(check.is_server_gone({false, 109s}));
    CHECK_FALSE(check.is_server_gone({true, 119s}));
}

TEST_CASE("a server that has nothing to acknowledge is not gone")
{
    acknowledgement_check check;
    for (auto const silence : {60s, 70s, 3600s}) CHECK_FALSE(check.is_server_gone({false, silence}));
}

TEST_CASE("the system tells when the other side has acknowledged something")
{
    asio::io_context io;
    base::tcp_acceptor acceptor{io.get_executor(), {asio::ip::address_v4::loopback(), 0}};
    base::tcp_socket socket{io.get_executor()};
    socket.connect(acceptor.local_endpoint());
    auto const state = read_acknowledgement_state(socket.native_handle());
    REQUIRE(state);
    CHECK_FALSE(state->is_retrying);
    CHECK(state->since_ack < 40s);
    CHECK_FALSE(read_acknowledgement_state(-1));
}
