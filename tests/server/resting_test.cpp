// Those who are quiet for some ticks wait without a buffer, and are heard as soon as they speak again.
#include "support/catch.hpp"
#include "support/test_house.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = rooms::protocol;
using std::chrono::milliseconds;

namespace {

/// Ticks are an eighth of the shortest time, so several pass until somebody who does not say hello has to go.
rooms::server::options with_fine_ticks()
{
    auto rules = with_access(wire::access_mode::open);
    rules.login_grace = milliseconds{100};
    return rules;
}

task<void> let_ticks_pass(test_house& house)
{
    visitor silent{house.io};
    co_await silent.connect(house.where);
    auto const closed = co_await silent.hears_closing(code::timeout);
    CHECK(closed);
}

task<void> talks(visitor& who, std::string body)
{
    co_await who.say(wire::text{body});
    auto const echo = co_await who.hear<wire::text>();
    CHECK(echo.body == body);
}

}  // namespace

TEST_CASE("who was quiet for a while is heard again")
{
    bool const over_tls = GENERATE(false, true);
    test_house house{with_fine_ticks()};
    rooms::server::encryption encryption{tls_mode::automatic, new_key()};
    house.house.encryption = &encryption;
    auto scene = [&]() -> task<void> {
        visitor who{house.io};
        if (over_tls) {
            co_await who.connect_securely(house.where);
        } else {
            co_await who.connect(house.where);
        }
        co_await who.greet();
        co_await who.hear<wire::granted>();
        for (int i = 0; i < 3; ++i) {
            co_await let_ticks_pass(house);
            co_await talks(who, "again");
            co_await talks(who, std::string(100'000, 'x'));
        }
    };
    house.run(scene());
}

TEST_CASE("half a frame outlives a rest")
{
    test_house house{with_fine_ticks()};
    auto scene = [&]() -> task<void> {
        visitor who{house.io};
        co_await who.connect(house.where);
        co_await who.greet();
        co_await who.hear<wire::granted>();
        co_await who.say_raw(std::string("\0\0\0\6\x40he", 7));
        co_await let_ticks_pass(house);
        co_await who.say_raw("llo");
        auto const echo = co_await who.hear<wire::text>();
        CHECK(echo.body == "hello");
    };
    house.run(scene());
}

TEST_CASE("who rests is told of the end and is found gone")
{
    test_house house{with_fine_ticks()};
    auto scene = [&]() -> task<void> {
        visitor leaves{house.io};
        visitor stays{house.io};
        visitor other{house.io};
        for (auto* who : {&leaves, &stays, &other}) {
            co_await who->connect(house.where);
            co_await who->greet();
            co_await who->hear<wire::granted>();
        }
        co_await let_ticks_pass(house);
        leaves.socket().close();
        while (house.log.count("connection_closed") < 2) co_await talks(other, "meanwhile");
        house.doorman->stop();
        auto const closed = co_await stays.hears_closing(code::shutting_down);
        CHECK(closed);
    };
    house.run(scene());
}
