#include "base/happy_eyeballs.hpp"

#include <asio/io_context.hpp>
#include <list>
#include <vector>

#include "base/awaitable_operators.hpp"
#include "base/resolve.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

using namespace porter;
using namespace std::chrono_literals;
using namespace porter::detail::base::awaitable_operators;
namespace base = detail::base;
using asio::ip::tcp;

namespace {

using clock_type = std::chrono::steady_clock;
constexpr auto far_away = 60s;

tcp::endpoint at(char const* address, std::uint16_t port)
{
    return {asio::ip::make_address(address), port};
}

/// A listener on a free port of this address, which accepts nothing.
base::tcp_acceptor listener(asio::io_context& io, char const* address, int backlog = 16)
{
    base::tcp_acceptor acceptor{io.get_executor()};
    acceptor.open(tcp::v4());
    acceptor.bind(at(address, 0));
    acceptor.listen(backlog);
    return acceptor;
}

/// An address on which a connection attempt gets no answer: the queue of its listener is full.
class silent_address {
public:
    explicit silent_address(asio::io_context& io) : acceptor_(listener(io, "127.0.0.1", 0))
    {
        for (int i = 0; i < 8; ++i) {
            auto& socket = fillers_.emplace_back(io.get_executor());
            socket.async_connect(endpoint(), [](base::error_code) {});
        }
        io.poll();
    }

    tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

private:
    base::tcp_acceptor acceptor_;
    std::list<base::tcp_socket> fillers_;
};

/// An address that refuses connections.
tcp::endpoint refusing(asio::io_context& io)
{
    return listener(io, "127.0.0.1").local_endpoint();
}

}  // namespace

TEST_CASE("the families alternate and begin with that of the first address")
{
    auto const v6 = [](int i) { return at(("2001:db8::" + std::to_string(i)).c_str(), 1); };
    auto const v4 = [](int i) { return at(("192.0.2." + std::to_string(i)).c_str(), 1); };
    CHECK(base::interleaved({v6(1), v6(2), v6(3), v4(1)}) == std::vector{v6(1), v4(1), v6(2), v6(3)});
    CHECK(base::interleaved({v4(1), v4(2), v6(1), v6(2)}) == std::vector{v4(1), v6(1), v4(2), v6(2)});
    CHECK(base::interleaved({v4(1), v4(2)}) == std::vector{v4(1), v4(2)});
}

TEST_CASE("the first address that accepts is connected to")
{
    asio::io_context io;
    silent_address silent{io};
    auto const open = listener(io, "127.0.0.1");
    auto const behind = GENERATE(0, 1, 2);
    std::vector<tcp::endpoint> addresses;
    if (behind == 1) addresses = {refusing(io), refusing(io)};
    if (behind == 2) addresses = {silent.endpoint(), refusing(io), silent.endpoint()};
    addresses.push_back(open.local_endpoint());
    testing::run(io, [&]() -> task<void> {
        auto connected = co_await base::connect_to_first(addresses, clock_type::now() + far_away);
        REQUIRE(connected);
        CHECK(connected->remote_endpoint() == open.local_endpoint());
    }());
}

TEST_CASE("the error is that of the attempt that failed last")
{
    asio::io_context io;
    std::vector const addresses{refusing(io), refusing(io)};
    testing::run(io, [&]() -> task<void> {
        auto connected = co_await base::connect_to_first(addresses, clock_type::now() + far_away);
        REQUIRE_FALSE(connected);
        CHECK(connected.error() == asio::error::connection_refused);
    }());
}

TEST_CASE("an address without an answer times out at the deadline")
{
    asio::io_context io;
    silent_address silent{io};
    std::vector const addresses{refusing(io), silent.endpoint()};
    testing::run(io, [&]() -> task<void> {
        auto connected = co_await base::connect_to_first(addresses, clock_type::now() + 50ms);
        REQUIRE_FALSE(connected);
        CHECK(connected.error() == asio::error::timed_out);
    }());
}

TEST_CASE("connecting can be cancelled")
{
    asio::io_context io;
    silent_address silent{io};
    std::vector const addresses{silent.endpoint()};
    testing::run(io, [&]() -> task<void> {
        base::steady_timer timer{io.get_executor(), 20ms};
        auto connecting = base::connect_to_first(addresses, clock_type::now() + far_away);
        auto either = std::move(connecting) || timer.async_wait(use_task);
        auto const first = co_await std::move(either);
        CHECK(first.index() == 1);
    }());
}

TEST_CASE("localhost and IP addresses are resolved without a lookup")
{
    asio::io_context io;
    testing::run(io, [&]() -> task<void> {
        auto const deadline = clock_type::now() + far_away;
        auto const local = co_await base::resolve("localhost", 5432, deadline);
        REQUIRE(local);
        CHECK(*local == std::vector{at("::1", 5432), at("127.0.0.1", 5432)});
        auto const literal = co_await base::resolve("2001:db8::1", 5432, deadline);
        REQUIRE(literal);
        CHECK(*literal == std::vector{at("2001:db8::1", 5432)});
        auto const unknown = co_await base::resolve("no-such-host.invalid", 5432, deadline);
        CHECK_FALSE(unknown);
    }());
}
