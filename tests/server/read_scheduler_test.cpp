// Many who speak at the same time read one after another, and nobody is forgotten or disturbed by what befalls others.
#include <deque>

#include "support/catch.hpp"
#include "support/server_fixture.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

/// A house with visitors who are all in.
struct crowd {
    explicit crowd(int size) : house(open_access())
    {
        house.context.tls = &tls;
        for (int i = 0; i < size; ++i) all.emplace_back(house.io);
    }

    /// Every third over TLS.
    task<void> enter()
    {
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (i % 3 == 2) {
                co_await all[i].connect_tls(house.endpoint);
            } else {
                co_await all[i].connect(house.endpoint);
            }
            co_await all[i].greet();
            co_await all[i].receive_access();
        }
    }

    /// Those who speak plainly do so at the same moment, so that the server finds them in one round.
    task<void> speak(std::string what)
    {
        for (auto& each : all) {
            each.queue(wire::text{what});
            if (each.socket().is_tls()) co_await each.flush();
        }
        for (auto& each : all) {
            detail::base::error_code error;
            auto& output = each.socket().encoder();
            auto const bytes = output.pending();
            output.consume(each.socket().try_write_some({bytes.data(), bytes.size()}, error));
        }
    }

    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
    server_fixture house;
    std::deque<test_client> all;
};

task<void> hears(test_client& who, std::string what)
{
    auto const echo = co_await who.receive<wire::text>();
    CHECK(echo.body == what);
}

}  // namespace

TEST_CASE("all who speak at the same time are answered again and again")
{
    crowd people{12};
    people.house.run([&]() -> task<void> {
        co_await people.enter();
        for (int i = 0; i < 5; ++i) {
            auto const first = "first " + std::to_string(i);
            auto const second = std::string(20'000, 'x') + std::to_string(i);
            co_await people.speak(first);
            co_await people.speak(second);
            for (auto& each : people.all) {
                co_await hears(each, first);
                co_await hears(each, second);
            }
        }
    });
    CHECK(people.house.server->defects() == 0);
}

TEST_CASE("what comes while all wait for their turn is found in it")
{
    constexpr int texts = 40;
    crowd people{12};
    people.house.run([&]() -> task<void> {
        co_await people.enter();
        for (int i = 0; i < texts; ++i) {
            co_await people.speak("text " + std::to_string(i));
            co_await yield();
        }
        for (auto& each : people.all) {
            for (int i = 0; i < texts; ++i) co_await hears(each, "text " + std::to_string(i));
        }
    });
    CHECK(people.house.server->defects() == 0);
}

TEST_CASE("who goes away while all wait for their turn takes nobody along")
{
    crowd people{9};
    people.house.run([&]() -> task<void> {
        co_await people.enter();
        co_await people.speak("one");
        for (auto& each : people.all) co_await hears(each, "one");
        co_await people.speak("two");
        people.all[0].reset();
        people.all[3].half_close();
        people.all[8].reset();
        for (std::size_t i = 1; i < 8; ++i) co_await hears(people.all[i], "two");
        auto const more = co_await people.all[3].receive();
        CHECK(!more);
        for (std::size_t i = 4; i < 8; ++i) {
            co_await people.all[i].send(wire::text{"three"});
            co_await hears(people.all[i], "three");
        }
    });
    CHECK(people.house.server->defects() == 0);
}

TEST_CASE("stopping reaches those who wait for their turn wherever in the round they are")
{
    bool const all_at_once = GENERATE(true, false);
    for (int turns = 0; turns < 16; ++turns) {
        CAPTURE(turns);
        crowd people{9};
        people.house.run([&]() -> task<void> {
            co_await people.enter();
            co_await people.speak("one");
            for (auto& each : people.all) co_await hears(each, "one");
            if (all_at_once) {
                co_await people.speak("two");
            } else {
                co_await people.all[static_cast<std::size_t>(turns) % 9].send(wire::text{"two"});
            }
            co_await yield(turns);
            people.house.server->stop();
            for (auto& each : people.all) {
                auto reply = co_await each.receive();
                if (reply && std::holds_alternative<wire::text>(*reply)) reply = co_await each.receive();
                auto const* closing = reply ? std::get_if<wire::closing>(&*reply) : nullptr;
                REQUIRE(closing != nullptr);
                CHECK(closing->code == static_cast<std::uint16_t>(code::shutting_down));
                each.socket().close();
            }
        });
        people.house.io.restart();
        people.house.io.run();  // returns: nobody is left waiting
        CHECK(people.house.server->defects() == 0);
    }
}
