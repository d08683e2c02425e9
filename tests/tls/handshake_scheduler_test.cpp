// Promise N12 of SECURITY.md: handshakes do not starve sessions.
#include "tls/handshake_scheduler.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/run.hpp"

using namespace porter;
using rooms::tls::handshake_scheduler;
using std::chrono::steady_clock;
using strings = std::vector<std::string>;

namespace {

struct scene {
    asio::io_context io;
    handshake_scheduler scheduler{io.get_executor()};
    strings events;
    std::deque<std::string> sites;
    steady_clock::duration step{};
    steady_clock::time_point ended{};
    steady_clock::time_point begun{};

    task<void> shake_hands(std::string const& site, handshake_scheduler::step which)
    {
        auto const turn = co_await scheduler.take_turn(site, which);
        begun = steady_clock::now();
        events.push_back(site);
        while (steady_clock::now() < begun + step) continue;  // it computes
        ended = steady_clock::now();
    }

    void begin(std::string const& site, handshake_scheduler::step which = handshake_scheduler::step::first)
    {
        auto const& kept = sites.emplace_back(site);
        auto const done = [](std::exception_ptr escaped) {
            if (escaped) std::rethrow_exception(escaped);
        };
        asio::co_spawn(io, shake_hands(kept, which), done);
    }

    /// As a session does that is ready again and again.
    void be_ready(int times)
    {
        events.push_back("session");
        if (times > 1) asio::post(io, [this, times] { be_ready(times - 1); });
    }
};

}  // namespace

TEST_CASE("between two steps of handshakes all that is ready runs")
{
    scene here;
    for (auto const* site : {"a", "b", "c"}) here.begin(site);
    asio::post(here.io, [&] { here.be_ready(8); });
    here.io.run();
    for (std::size_t i = 1; i < here.events.size(); ++i) {
        bool const both_are_steps = here.events[i] != "session" && here.events[i - 1] != "session";
        CHECK_FALSE(both_are_steps);
    }
    CHECK(here.events.size() == 11);
}

TEST_CASE("sites take turns whatever each has asked for")
{
    scene here;
    for (auto const* site : {"a", "a", "a", "a", "b", "c", "b"}) here.begin(site);
    here.io.run();
    CHECK(here.events == strings{"a", "a", "b", "c", "a", "b", "a"});
    CHECK(here.scheduler.waiting() == 0);
}

TEST_CASE("a client that has answered goes before those whose first message waits")
{
    scene here;
    for (auto const* site : {"a", "b", "c"}) here.begin(site);
    here.begin("d", handshake_scheduler::step::next);
    here.io.run();
    CHECK(here.events == strings{"a", "d", "b", "c"});
}

TEST_CASE("while sessions exchange messages the next step does not begin sooner than the last one took")
{
    scene here;
    here.step = std::chrono::milliseconds{20};
    here.begin("a");
    here.begin("b");
    here.io.run_one();
    REQUIRE(here.events == strings{"a"});
    auto const first_ended = here.ended;
    here.scheduler.note_message();
    here.io.run();
    CHECK(here.events == strings{"a", "b"});
    CHECK(here.begun >= first_ended + here.step);
}

TEST_CASE("without messages the next step waits for no timer")
{
    scene here;
    here.step = std::chrono::milliseconds{20};
    for (auto const* site : {"a", "b", "c"}) here.begin(site);
    while (here.io.poll_one() != 0) continue;
    CHECK(here.events == strings{"a", "b", "c"});
}

TEST_CASE("a scheduler that was idle grants the next turn at once")
{
    scene here;
    here.begin("a");
    here.io.run();
    here.io.restart();
    here.begin("b");
    here.io.run_one();
    CHECK(here.events == strings{"a", "b"});
}
