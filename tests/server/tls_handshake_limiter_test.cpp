// Promise N16 of SECURITY.md: a flood of handshakes locks out only its own origin.
#include "server/tls_acceptor.hpp"

#include <asio/io_context.hpp>
#include <deque>
#include <memory>
#include <string>

#include "support/catch.hpp"

using namespace porter::detail;
using limiter = server::tls_handshake_limiter;

namespace {

/// Handshakes in the order of their start; they only hold their slots.
struct handshakes {
    explicit handshakes(std::size_t limit_) : limit(limit_) {}

    void start(std::string const& address)
    {
        auto& socket = sockets.emplace_back(io.get_executor());
        auto const from = *identity::address::parse(address);
        slots.push_back(std::unique_ptr<limiter::slot>(new limiter::slot(limit.take(from, socket))));
        io.restart();
        io.poll();  // runs the notifications of evicted ones
    }

    /// The numbers of the evicted handshakes.
    std::string evicted() const
    {
        std::string found;
        for (std::size_t i = 0; i < slots.size(); ++i) {
            if (slots[i] && slots[i]->is_evicted()) found += std::to_string(i) + " ";
        }
        return found;
    }

    asio::io_context io;
    limiter limit;
    std::deque<tls::stream> sockets;
    std::deque<std::unique_ptr<limiter::slot>> slots;
};

}  // namespace

TEST_CASE("while there are slots no handshake is evicted")
{
    handshakes all{3};
    for (int i = 0; i < 3; ++i) all.start("192.0.2.1");
    CHECK(all.evicted().empty());
    CHECK(all.limit.taken() == 3);
    all.slots.clear();
    CHECK(all.limit.taken() == 0);
}

TEST_CASE("the oldest handshake of the address with most of them is evicted")
{
    handshakes all{4};
    for (auto const* from : {"192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.1", "192.0.2.3"}) all.start(from);
    CHECK(all.evicted() == "0 ");
    CHECK(all.limit.taken() == 4);
    all.start("192.0.2.4");  // of the second address there are two now, of all others one
    CHECK(all.evicted() == "0 1 ");
}

TEST_CASE("a flood from one address evicts its own handshakes only")
{
    handshakes all{10};
    all.start("192.0.2.1");
    for (int i = 0; i < 100; ++i) all.start("198.51.100.1");
    all.start("192.0.2.2");
    CHECK_FALSE(all.slots.front()->is_evicted());
    CHECK_FALSE(all.slots.back()->is_evicted());
    CHECK(all.limit.taken() == 10);
}

TEST_CASE("a flood from ever new /64 evicts handshakes of its own /48 only")
{
    handshakes all{16};
    all.start("2001:db8:1:1::7");  // each alone in its /48
    all.start("192.0.2.1");
    for (int i = 0; i < 1000; ++i) all.start("2001:db8:2:" + std::to_string(i) + "::1");
    all.start("2001:db8:3::1");
    CHECK_FALSE(all.slots[0]->is_evicted());
    CHECK_FALSE(all.slots[1]->is_evicted());
    CHECK_FALSE(all.slots.back()->is_evicted());
}

TEST_CASE("inside a /48 the heaviest /56 loses a slot and inside it the heaviest /64")
{
    handshakes all{5};
    all.start("2001:db8:1:0100::1");
    all.start("2001:db8:1:0201::1");
    all.start("2001:db8:1:0202::1");
    all.start("2001:db8:1:0202::2");
    all.start("2001:db8:9::1");
    all.start("2001:db8:1:0100::2");  // the second /56 has three
    CHECK(all.evicted() == "2 ");
    all.start("2001:db8:9::2");  // both /56 have two, of which those of the first are in one /64
    CHECK(all.evicted() == "0 2 ");
}

TEST_CASE("among origins with one handshake each the oldest is evicted")
{
    handshakes all{3};
    for (auto const* from : {"192.0.2.1", "2001:db8:1::1", "192.0.2.2", "2001:db8:2::1", "192.0.2.3"}) all.start(from);
    CHECK(all.evicted() == "0 1 ");
}

TEST_CASE("a handshake that has ended is not cancelled")
{
    handshakes all{1};
    all.start("192.0.2.1");
    auto& second = all.sockets.emplace_back(all.io.get_executor());
    auto const next = all.limit.take(*identity::address::parse("192.0.2.2"), second);
    all.slots.clear();  // evicted, and destroyed before it is notified
    all.sockets.pop_front();
    all.io.restart();
    all.io.poll();
    CHECK(all.limit.taken() == 1);
}
