// The acceptor, also while accept() fails, as it does without free descriptors (promise N7).
#include "server/acceptor.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/co_spawn.hpp>
#include <ctime>
#include <vector>

#include "base/file.hpp"
#include "porter/start_error.hpp"
#include "porter/testing/manual_clock.hpp"
#include "porter/testing/recording_log.hpp"
#include "server/worker.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using namespace porter::detail;
using std::chrono::steady_clock;

TEST_CASE("a read without input does not block the thread of an accepted connection")
{
    asio::io_context io;
    manual_clock clock;
    recording_log log;
    server::buffer_limiter memory{0, 0};
    server::workers threads{io, 1, clock, memory, std::chrono::milliseconds{1000}};
    auto acceptors = server::listen_on(io, {"127.0.0.1"}, 0, 1);
    base::tcp_socket caller{io.get_executor()};
    caller.connect(acceptors.front().local_endpoint());  // before the first accept, as after a restart
    server::acceptor acceptor{std::move(acceptors.front()), threads.all(), log};
    bool accepted = false;
    server::acceptor::accept_handler const check = [&](server::stream socket, identity::address, server::worker&) {
        char byte = 0;
        base::error_code failed;
        static_cast<base::tcp_socket&>(socket).receive(asio::buffer(&byte, 1), 0, failed);
        CHECK(failed == asio::error::would_block);
        asio::socket_base::keep_alive probed;  // finds peers whose machine has vanished
        static_cast<base::tcp_socket&>(socket).get_option(probed);
        CHECK(probed.value());
        asio::ip::tcp::no_delay no_delay;  // frames are written whole: a delay would gain nothing
        static_cast<base::tcp_socket&>(socket).get_option(no_delay);
        CHECK(no_delay.value());
        accepted = true;
    };
    bool ended = false;
    asio::co_spawn(io, acceptor.accept_all(check), [&](std::exception_ptr escaped) {
        CHECK(!escaped);
        ended = true;
    });
    while (!accepted) io.run_one();
    acceptor.stop();
    while (!ended) io.run_one();
}

TEST_CASE("an accept that keeps failing costs little CPU and one log line a second")
{
    asio::io_context io;
    manual_clock clock;
    recording_log log;
    server::buffer_limiter memory{0, 0};
    server::workers threads{io, 1, clock, memory, std::chrono::milliseconds{1000}};
    // Bound and not listening: every accept fails at once, as it does without descriptors.
    base::tcp_acceptor bound{io.get_executor(), asio::ip::tcp::v4()};
    bound.bind({asio::ip::address_v4::loopback(), 0});
    server::acceptor acceptor{std::move(bound), threads.all(), log};
    server::acceptor::accept_handler const unexpected = [](auto&&...) {
        FAIL("a connection was accepted without a listener");
    };

    bool ended = false;
    asio::co_spawn(io, acceptor.accept_all(unexpected), [&](std::exception_ptr escaped) {
        CHECK(!escaped);
        ended = true;
    });
    auto const start = steady_clock::now();
    auto const cpu_before = std::clock();
    while (log.count("accept_failed") < 3) io.run_one();
    std::chrono::duration<double> const waited = steady_clock::now() - start;
    auto const cpu = static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC;
    CHECK(log.count("accept_failed") <= 1 + static_cast<std::size_t>(waited.count()));
    CHECK(cpu < 0.05 * waited.count());
    acceptor.stop();
    while (!ended) io.run_one();
}

namespace {

/// A TCP socket of the IPv4 loopback.
int bound_socket(int type)
{
    int const made = ::socket(AF_INET, type, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(made, reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0);
    return made;
}

}  // namespace

TEST_CASE("listening sockets are taken over and closed on exec")
{
    asio::io_context io;
    int const listening = bound_socket(SOCK_STREAM);
    REQUIRE(::listen(listening, 1) == 0);
    auto const taken = server::take_listeners(io, std::vector{listening});
    REQUIRE(taken.size() == 1);
    CHECK(taken.front().local_endpoint().port() != 0);
    CHECK((::fcntl(listening, F_GETFD) & FD_CLOEXEC) != 0);
    base::tcp_socket caller{io.get_executor()};
    caller.connect(taken.front().local_endpoint());
}

TEST_CASE("what is no listening TCP socket is not taken over")
{
    asio::io_context io;
    int const listening = bound_socket(SOCK_STREAM);
    REQUIRE(::listen(listening, 1) == 0);
    for (int const type : {SOCK_STREAM, SOCK_DGRAM}) {
        base::unique_fd const other{bound_socket(type)};
        CHECK_THROWS_AS(server::take_listeners(io, std::vector{listening, other.get()}), porter::start_error);
    }
    CHECK_THROWS_AS(server::take_listeners(io, std::vector{9999}), porter::start_error);
    CHECK(::close(listening) == 0);  // it is still the caller's
}
