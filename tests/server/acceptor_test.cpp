// A door that cannot accept for a while, as when there are no descriptors left (promise N7).
#include "server/acceptor.hpp"

#include <asio/co_spawn.hpp>
#include <ctime>

#include "server/acceptor.hpp"
#include "server/worker.hpp"
#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_log.hpp"

using namespace porter::testing;
using namespace porter::detail;
using std::chrono::steady_clock;

TEST_CASE("a read of what is not there never stops the thread of an accepted connection")
{
    asio::io_context io;
    manual_clock clock;
    recording_log log;
    server::buffer_limiter memory{0, 0};
    server::workers threads{io, 1, clock, memory, std::chrono::milliseconds{1000}};
    auto acceptors = server::listen_on(io, {"127.0.0.1"}, 0, 1);
    base::tcp_socket caller{io.get_executor()};
    caller.connect(acceptors.front().local_endpoint());  // before anybody accepts, as after a restart
    server::acceptor conn{std::move(acceptors.front()), threads.all(), log};
    bool came = false;
    server::acceptor::accept_handler const look = [&](server::stream socket, identity::address, server::worker&) {
        char byte = 0;
        base::error_code failed;
        static_cast<base::tcp_socket&>(socket).receive(asio::buffer(&byte, 1), 0, failed);
        CHECK(failed == asio::error::would_block);
        asio::socket_base::keep_alive probed;  // a peer whose machine vanished without a word is found out
        static_cast<base::tcp_socket&>(socket).get_option(probed);
        CHECK(probed.value());
        asio::ip::tcp::no_delay at_once;  // frames are written whole: waiting for more would gain nothing
        static_cast<base::tcp_socket&>(socket).get_option(at_once);
        CHECK(at_once.value());
        came = true;
    };
    bool ended = false;
    asio::co_spawn(io, conn.accept_all(look), [&](std::exception_ptr escaped) {
        CHECK(!escaped);
        ended = true;
    });
    while (!came) io.run_one();
    conn.stop();
    while (!ended) io.run_one();
}

TEST_CASE("an accept that keeps failing costs next to nothing and one log line a second")
{
    asio::io_context io;
    manual_clock clock;
    recording_log log;
    server::buffer_limiter memory{0, 0};
    server::workers threads{io, 1, clock, memory, std::chrono::milliseconds{1000}};
    // Bound and not listening: every accept fails at once, as it does without descriptors.
    base::tcp_acceptor deaf{io.get_executor(), asio::ip::tcp::v4()};
    deaf.bind({asio::ip::address_v4::loopback(), 0});
    server::acceptor conn{std::move(deaf), threads.all(), log};
    server::acceptor::accept_handler const nobody = [](auto&&...) { FAIL("somebody came through a closed door"); };

    bool ended = false;
    asio::co_spawn(io, conn.accept_all(nobody), [&](std::exception_ptr escaped) {
        CHECK(!escaped);
        ended = true;
    });
    auto const begun = steady_clock::now();
    auto const cpu_before = std::clock();
    while (log.count("accept_failed") < 3) io.run_one();
    std::chrono::duration<double> const waited = steady_clock::now() - begun;
    auto const cpu = static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC;
    CHECK(log.count("accept_failed") <= 1 + static_cast<std::size_t>(waited.count()));
    CHECK(cpu < 0.05 * waited.count());
    conn.stop();
    while (!ended) io.run_one();
}
