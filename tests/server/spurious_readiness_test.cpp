// The kernel may report a socket as readable without input (by a late event of the descriptor's last owner): the server
// then waits again (promises N3 and N10).
#include <asio/co_spawn.hpp>
#include <asio/write.hpp>

#include "server/proxy_protocol.hpp"
#include "server/tls_acceptor.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

using namespace porter;
using namespace porter::testing;
using namespace porter::detail;

namespace {

/// A connection whose first byte is consumed before the code under test reads it.
struct spurious_socket {
    spurious_socket()
    {
        base::tcp_acceptor acceptor{io.get_executor(), {asio::ip::address_v4::loopback(), 0}};
        peer.connect(acceptor.local_endpoint());
        acceptor.accept(static_cast<base::tcp_socket&>(socket));
        socket.non_blocking(true);
        spawn(consume());
    }

    task<void> consume()
    {
        co_await static_cast<base::tcp_socket&>(socket).async_wait(base::tcp_socket::wait_read, use_task);
        char byte = 0;
        static_cast<base::tcp_socket&>(socket).receive(asio::buffer(&byte, 1));
        is_consumed = true;
    }

    void spawn(task<void> work)
    {
        asio::co_spawn(io, std::move(work), [](std::exception_ptr escaped) {
            if (escaped) std::rethrow_exception(escaped);
        });
        io.restart();
        io.poll();
    }

    void send(std::string const& bytes) { asio::write(peer, asio::buffer(bytes)); }

    asio::io_context io;
    base::tcp_socket peer{io.get_executor()};
    server::stream socket{io.get_executor()};
    bool is_consumed = false;
};

}  // namespace

TEST_CASE("detect_tls waits again after readiness without input")
{
    spurious_socket connection;
    auto const from = *identity::address::parse("127.0.0.1");
    std::optional<result<void, server::close_reason>> detected;
    connection.spawn(keep_value(server::detect_tls(connection.socket, from, nullptr), detected));
    connection.send("x");
    while (!connection.is_consumed) connection.io.run_one();
    connection.io.poll();
    CHECK_FALSE(detected);
    connection.send(std::string(1, '\0'));
    while (!detected) connection.io.run_one();
    CHECK(detected->has_value());
}

TEST_CASE("read_proxy_header waits again after readiness without input")
{
    spurious_socket connection;
    std::optional<result<server::proxy_header, server::close_reason>> header;
    connection.spawn(keep_value(server::read_proxy_header(connection.socket), header));
    connection.send("x");
    while (!connection.is_consumed) connection.io.run_one();
    connection.io.poll();
    CHECK_FALSE(header);
    connection.send("PROXY TCP4 192.0.2.7 198.51.100.9 55555 7678\r\n");
    while (!header) connection.io.run_one();
    CHECK(header->has_value());
}
