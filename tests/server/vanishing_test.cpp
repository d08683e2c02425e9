// Promise N3 of SECURITY.md.
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

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
    auto const bytes = detail::base::as_text(frames.pending());
    return std::string{bytes};
}

/// Lets everything else on this thread run until nobody is in the house.
task<void> everybody_is_gone(server_fixture& fixture)
{
    auto executor = co_await asio::this_coro::executor;
    while (fixture.server->connections() != 0) co_await asio::post(executor, use_task);
}

enum class leaving { close, reset, half_close };

}  // namespace

TEST_CASE("a peer cut off after each byte of a login leaves nothing but a log line")
{
    auto const how = GENERATE(leaving::close, leaving::reset, leaving::half_close);
    auto const bytes = whole_exchange();
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        for (std::size_t size = 0; size <= bytes.size(); ++size) {
            auto const lines_before = fixture.log.count("connection_closed") + fixture.log.count("connection_lost");
            test_client cut{fixture.io};
            co_await cut.connect(fixture.endpoint);
            co_await cut.send_raw(bytes.substr(0, size));
            if (how == leaving::close) cut.socket().close();
            if (how == leaving::reset) cut.reset();
            if (how == leaving::half_close) cut.half_close();
            // The house may not have accepted it yet: it has seen it off when its line is in the log.
            auto executor = co_await asio::this_coro::executor;
            while (fixture.log.count("connection_closed") + fixture.log.count("connection_lost") == lines_before) {
                co_await asio::post(executor, use_task);
            }
            co_await everybody_is_gone(fixture);
            auto const lines = fixture.log.count("connection_closed") + fixture.log.count("connection_lost");
            CHECK(lines == lines_before + 1);
        }
    };
    fixture.run(scene());
    CHECK(fixture.server->defects() == 0);
}

TEST_CASE("twenty visitors of whom half vanish do not disturb the others")
{
    server_fixture fixture{with_access(wire::access_mode::open), detail::services::echo, 2};
    auto scene = [&]() -> task<void> {
        std::deque<test_client> visitors;
        for (int i = 0; i < 20; ++i) {
            auto& one = visitors.emplace_back(fixture.io);
            co_await one.connect(fixture.endpoint);
            co_await one.greet();
            co_await one.receive<wire::granted>();
        }
        for (int round = 0; round < 10; ++round) {
            for (std::size_t i = 0; i < visitors.size(); ++i) {
                bool const vanishes = i % 2 == 1;
                if (vanishes && round > static_cast<int>(i / 2)) continue;  // gone already
                auto const said = std::to_string(i) + " in round " + std::to_string(round);
                wire::text text;
                text.body = said;
                co_await visitors[i].send(text);
                if (vanishes && round == static_cast<int>(i / 2)) {
                    visitors[i].reset();
                    continue;
                }
                auto echo = co_await visitors[i].receive<wire::text>();
                CHECK(echo.body == said);
            }
        }
    };
    fixture.run(scene());
    CHECK(fixture.server->defects() == 0);
}
