// How often one connection may be denied something.
#include "support/catch.hpp"
#include "support/test_house.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = rooms::protocol;

namespace {

/// Registers Alice.
task<void> enters(visitor& someone, test_house& house)
{
    co_await someone.connect(house.where);
    co_await someone.greet();
    wire::register_account asked;
    asked.name = "Alice";
    asked.password = "a horse on a staple";
    co_await someone.say(asked);
    co_await someone.hear<wire::granted>();
}

/// Asks for so many sessions that are not there, and counts the denials up to the end.
task<int> is_denied(visitor& someone, int times)
{
    for (int i = 0; i < times; ++i) someone.queue(wire::revoke_session{999});
    someone.queue(wire::closing{});
    co_await someone.flush();
    int denials = 0;
    for (;;) {
        auto const reply = co_await someone.hear();
        if (!reply) co_return denials;
        if (auto const* closing = std::get_if<wire::closing>(&*reply)) {
            CHECK(closing->what == static_cast<std::uint16_t>(code::too_many_attempts));
        } else {
            CHECK(std::holds_alternative<wire::denied>(*reply));
            ++denials;
        }
    }
}

}  // namespace

TEST_CASE("after access the denial with the number thirty-two is the last")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await enters(alice, house);
        auto const denials = co_await is_denied(alice, 40);
        CHECK(denials == 32);
    };
    house.run(scene());
    CHECK(house.log.events("connection_closed")[0].field("code") == "too_many_attempts");
}

TEST_CASE("fewer denials after access end nothing")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await enters(alice, house);
        auto const denials = co_await is_denied(alice, 31);
        CHECK(denials == 31);
    };
    house.run(scene());
}

TEST_CASE("faults of ours after access are no denials to count")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await enters(alice, house);
        house.store.be_unavailable(true);
        auto const denials = co_await is_denied(alice, 60);
        CHECK(denials == 60);
    };
    house.run(scene());
}
