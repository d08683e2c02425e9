#include "server/handshake_places.hpp"

#include <asio/io_context.hpp>
#include <deque>
#include <string>

#include "support/catch.hpp"

using namespace porter::rooms;
using places = server::handshake_places;

namespace {

/// Handshakes that were begun one after another; they only hold their places.
struct crowd {
    explicit crowd(std::size_t most) : limit(most) {}

    void begin(std::string const& network)
    {
        auto& socket = sockets.emplace_back(io.get_executor());
        held.push_back(std::unique_ptr<places::place>(new places::place(limit.take(network, socket))));
        io.restart();
        io.poll();  // who gave way hears so
    }

    /// The numbers of those that gave way.
    std::string gave_way() const
    {
        std::string found;
        for (std::size_t i = 0; i < held.size(); ++i) {
            if (held[i] && held[i]->gave_way()) found += std::to_string(i);
        }
        return found;
    }

    asio::io_context io;
    places limit;
    std::deque<tls::stream> sockets;
    std::deque<std::unique_ptr<places::place>> held;
};

}  // namespace

TEST_CASE("while there are places nobody gives way")
{
    crowd here{3};
    for (auto const* network : {"a", "a", "a"}) here.begin(network);
    CHECK(here.gave_way().empty());
    CHECK(here.limit.taken() == 3);
    here.held.clear();
    CHECK(here.limit.taken() == 0);
}

TEST_CASE("the longest handshake of the network with most of them gives way")
{
    crowd here{4};
    for (auto const* network : {"a", "b", "b", "a", "c"}) here.begin(network);
    CHECK(here.gave_way() == "0");
    CHECK(here.limit.taken() == 4);
    here.begin("d");  // of b there are two now, of all others one
    CHECK(here.gave_way() == "01");
}

TEST_CASE("a crowd from one network keeps out nobody but itself")
{
    crowd here{10};
    here.begin("far away");
    for (int i = 0; i < 100; ++i) here.begin("crowd");
    CHECK_FALSE(here.held.front()->gave_way());
    here.begin("another");
    CHECK_FALSE(here.held.front()->gave_way());
    CHECK_FALSE(here.held.back()->gave_way());
    CHECK(here.limit.taken() == 10);
}

TEST_CASE("among networks with one handshake each the longest gives way")
{
    crowd here{3};
    for (auto const* network : {"a", "b", "c", "d", "e"}) here.begin(network);
    CHECK(here.gave_way() == "01");
}

TEST_CASE("a handshake that has ended is cancelled no more")
{
    crowd here{1};
    here.begin("a");
    auto& second = here.sockets.emplace_back(here.io.get_executor());
    auto const next = here.limit.take("b", second);  // "a" is called off, and ends before it hears so
    here.held.clear();
    here.sockets.pop_front();
    here.io.restart();
    here.io.poll();
    CHECK(here.limit.taken() == 1);
}
