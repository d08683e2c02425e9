// Promise N16 of SECURITY.md: floods of handshakes keep nobody out but their own origin.
#include "server/tls_acceptor.hpp"

#include <asio/io_context.hpp>
#include <deque>
#include <memory>
#include <string>

#include "support/catch.hpp"

using namespace porter::detail;
using limiter = server::tls_handshake_limiter;

namespace {

/// Handshakes that were begun one after another; they only hold their slots.
struct handshakes {
    explicit handshakes(std::size_t limit_) : limit(limit_) {}

    void begin(std::string const& address)
    {
        auto& socket = sockets.emplace_back(io.get_executor());
        auto const from = *identity::address::parse(address);
        slots.push_back(std::unique_ptr<limiter::slot>(new limiter::slot(limit.take(from, socket))));
        io.restart();
        io.poll();  // those that are evicted hear so
    }

    /// The numbers of those that were evicted.
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
    handshakes here{3};
    for (int i = 0; i < 3; ++i) here.begin("192.0.2.1");
    CHECK(here.evicted().empty());
    CHECK(here.limit.taken() == 3);
    here.slots.clear();
    CHECK(here.limit.taken() == 0);
}

TEST_CASE("the oldest handshake of the address with most of them is evicted")
{
    handshakes here{4};
    for (auto const* from : {"192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.1", "192.0.2.3"}) here.begin(from);
    CHECK(here.evicted() == "0 ");
    CHECK(here.limit.taken() == 4);
    here.begin("192.0.2.4");  // of the second address there are two now, of all others one
    CHECK(here.evicted() == "0 1 ");
}

TEST_CASE("a flood from one address evicts its own handshakes only")
{
    handshakes here{10};
    here.begin("192.0.2.1");
    for (int i = 0; i < 100; ++i) here.begin("198.51.100.1");
    here.begin("192.0.2.2");
    CHECK_FALSE(here.slots.front()->is_evicted());
    CHECK_FALSE(here.slots.back()->is_evicted());
    CHECK(here.limit.taken() == 10);
}

TEST_CASE("a flood from a new /64 each evicts handshakes of its own /48 only")
{
    handshakes here{16};
    here.begin("2001:db8:1:1::7");  // each alone in its /48
    here.begin("192.0.2.1");
    for (int i = 0; i < 1000; ++i) here.begin("2001:db8:2:" + std::to_string(i) + "::1");
    here.begin("2001:db8:3::1");
    CHECK_FALSE(here.slots[0]->is_evicted());
    CHECK_FALSE(here.slots[1]->is_evicted());
    CHECK_FALSE(here.slots.back()->is_evicted());
}

TEST_CASE("inside a /48 the heaviest /56 gives way and inside it the heaviest /64")
{
    handshakes here{5};
    here.begin("2001:db8:1:0100::1");
    here.begin("2001:db8:1:0201::1");
    here.begin("2001:db8:1:0202::1");
    here.begin("2001:db8:1:0202::2");
    here.begin("2001:db8:9::1");
    here.begin("2001:db8:1:0100::2");  // the second /56 has three
    CHECK(here.evicted() == "2 ");
    here.begin("2001:db8:9::2");  // both /56 have two, of which those of the first are in one /64
    CHECK(here.evicted() == "0 2 ");
}

TEST_CASE("among origins with one handshake each the oldest is evicted")
{
    handshakes here{3};
    for (auto const* from : {"192.0.2.1", "2001:db8:1::1", "192.0.2.2", "2001:db8:2::1", "192.0.2.3"}) here.begin(from);
    CHECK(here.evicted() == "0 1 ");
}

TEST_CASE("a handshake that has ended is cancelled no more")
{
    handshakes here{1};
    here.begin("192.0.2.1");
    auto& second = here.sockets.emplace_back(here.io.get_executor());
    auto const next = here.limit.take(*identity::address::parse("192.0.2.2"), second);
    here.slots.clear();  // evicted, it ends before it hears so
    here.sockets.pop_front();
    here.io.restart();
    here.io.poll();
    CHECK(here.limit.taken() == 1);
}
