// Promise N3 of SECURITY.md.
#include "support/catch.hpp"
#include "support/test_house.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = rooms::protocol;

namespace {

/// hello, register and a text, as one string of bytes.
std::string whole_exchange()
{
    frame_encoder frames;
    auto add = [&](auto const& message) {
        frames.compose([&](std::string& payload) { wire::encode(message, payload); });
    };
    wire::hello hello;
    hello.agent = "cut";
    add(hello);
    wire::register_account asked;
    asked.name = "Vanya";
    asked.password = "a horse on a staple";
    add(asked);
    wire::text text;
    text.body = "hello";
    add(text);
    auto const bytes = rooms::base::as_text(frames.pending());
    return std::string{bytes};
}

/// Lets everything else on this thread run until nobody is in the house.
task<void> everybody_is_gone(test_house& house)
{
    auto executor = co_await asio::this_coro::executor;
    while (house.doorman->connections() != 0) co_await asio::post(executor, use_task);
}

enum class leaving { close, reset, half_close };

}  // namespace

TEST_CASE("a peer cut off after each byte of a login leaves nothing but a log line")
{
    auto const how = GENERATE(leaving::close, leaving::reset, leaving::half_close);
    auto const bytes = whole_exchange();
    test_house house;
    auto scene = [&]() -> task<void> {
        for (std::size_t size = 0; size <= bytes.size(); ++size) {
            auto const lines_before = house.log.count("connection_closed") + house.log.count("connection_lost");
            visitor cut{house.io};
            co_await cut.connect(house.where);
            co_await cut.say_raw(bytes.substr(0, size));
            if (how == leaving::close) cut.socket().close();
            if (how == leaving::reset) cut.vanish();
            if (how == leaving::half_close) cut.half_close();
            // The house may not have accepted it yet: it has seen it off when its line is in the log.
            auto executor = co_await asio::this_coro::executor;
            while (house.log.count("connection_closed") + house.log.count("connection_lost") == lines_before) {
                co_await asio::post(executor, use_task);
            }
            co_await everybody_is_gone(house);
            auto const lines = house.log.count("connection_closed") + house.log.count("connection_lost");
            CHECK(lines == lines_before + 1);
        }
    };
    house.run(scene());
    CHECK(house.doorman->defects() == 0);
}

TEST_CASE("twenty visitors of whom half vanish do not disturb the others")
{
    test_house house{with_access(wire::access_mode::open), rooms::services::echo, 2};
    auto scene = [&]() -> task<void> {
        std::deque<visitor> visitors;
        for (int i = 0; i < 20; ++i) {
            auto& one = visitors.emplace_back(house.io);
            co_await one.connect(house.where);
            co_await one.greet();
            co_await one.hear<wire::granted>();
        }
        for (int round = 0; round < 10; ++round) {
            for (std::size_t i = 0; i < visitors.size(); ++i) {
                bool const vanishes = i % 2 == 1;
                if (vanishes && round > static_cast<int>(i / 2)) continue;  // gone already
                auto const said = std::to_string(i) + " in round " + std::to_string(round);
                wire::text text;
                text.body = said;
                co_await visitors[i].say(text);
                if (vanishes && round == static_cast<int>(i / 2)) {
                    visitors[i].vanish();
                    continue;
                }
                auto echo = co_await visitors[i].hear<wire::text>();
                CHECK(echo.body == said);
            }
        }
    };
    house.run(scene());
    CHECK(house.doorman->defects() == 0);
}
