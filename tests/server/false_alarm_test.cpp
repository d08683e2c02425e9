// The machine may say that a socket can be read although it cannot (a late event of the descriptor's last owner is
// enough): whoever looks then waits again (promises N3 and N10).
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

/// A connection of which somebody takes the first byte away, before whoever else waits for one looks at it.
struct robbed_line {
    robbed_line()
    {
        base::tcp_acceptor acceptor{io.get_executor(), {asio::ip::address_v4::loopback(), 0}};
        caller.connect(acceptor.local_endpoint());
        acceptor.accept(static_cast<base::tcp_socket&>(socket));
        socket.non_blocking(true);
        begin(rob());
    }

    task<void> rob()
    {
        co_await static_cast<base::tcp_socket&>(socket).async_wait(base::tcp_socket::wait_read, use_task);
        char byte = 0;
        static_cast<base::tcp_socket&>(socket).receive(asio::buffer(&byte, 1));
        is_robbed = true;
    }

    void begin(task<void> work)
    {
        asio::co_spawn(io, std::move(work), [](std::exception_ptr escaped) {
            if (escaped) std::rethrow_exception(escaped);
        });
        io.restart();
        io.poll();
    }

    void say(std::string const& bytes) { asio::write(caller, asio::buffer(bytes)); }

    asio::io_context io;
    base::tcp_socket caller{io.get_executor()};
    server::stream socket{io.get_executor()};
    bool is_robbed = false;
};

}  // namespace

TEST_CASE("a first byte that was only announced is waited for again")
{
    robbed_line line;
    auto const from = *identity::address::parse("127.0.0.1");
    std::optional<result<void, server::close_reason>> recognised;
    line.begin(keep_value(server::detect_tls(line.socket, from, nullptr), recognised));
    line.say("x");
    while (!line.is_robbed) line.io.run_one();
    line.io.poll();
    CHECK_FALSE(recognised);
    line.say(std::string(1, '\0'));
    while (!recognised) line.io.run_one();
    CHECK(recognised->has_value());
}

TEST_CASE("a header that was only announced is waited for again")
{
    robbed_line line;
    std::optional<result<server::proxy_header, server::close_reason>> header;
    line.begin(keep_value(server::read_proxy_header(line.socket), header));
    line.say("x");
    while (!line.is_robbed) line.io.run_one();
    line.io.poll();
    CHECK_FALSE(header);
    line.say("PROXY TCP4 192.0.2.7 198.51.100.9 55555 7678\r\n");
    while (!header) line.io.run_one();
    CHECK(header->has_value());
}
