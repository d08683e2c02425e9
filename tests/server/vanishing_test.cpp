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
    auto const asked = registration("Vanya");
    add(asked);
    wire::text text;
    text.body = "hello";
    add(text);
    auto const bytes = detail::base::as_text(frames.pending());
    return std::string{bytes};
}

enum class leaving { close, reset, half_close };

}  // namespace

TEST_CASE("a peer cut off after each byte of a login leaves nothing but a log line")
{
    auto const how = GENERATE(leaving::close, leaving::reset, leaving::half_close);
    auto const bytes = whole_exchange();
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        for (std::size_t size = 0; size <= bytes.size(); ++size) {
            auto const lines_before = fixture.log.count("connection_closed") + fixture.log.count("connection_lost");
            auto cut = co_await fixture.connected();
            co_await cut.send_raw(bytes.substr(0, size));
            if (how == leaving::close) cut.socket().close();
            if (how == leaving::reset) cut.reset();
            if (how == leaving::half_close) cut.half_close();
            // The house may not have accepted it yet: it has seen it off when its line is in the log.
            while (fixture.log.count("connection_closed") + fixture.log.count("connection_lost") == lines_before) {
                co_await yield();
            }
            co_await fixture.wait_for_connections(0);
            auto const lines = fixture.log.count("connection_closed") + fixture.log.count("connection_lost");
            CHECK(lines == lines_before + 1);
        }
    });
    CHECK(fixture.server->defects() == 0);
}

TEST_CASE("twenty visitors of whom half vanish do not disturb the others")
{
    server_fixture fixture{open_access(), detail::services::echo, 2};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> visitors;
        for (int i = 0; i < 20; ++i) {
            auto one = co_await fixture.admitted();
            visitors.push_back(std::move(one));
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
    });
    CHECK(fixture.server->defects() == 0);
}
