// Promise N3 of SECURITY.md.
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

/// The frames of hello, register and a text.
std::string whole_exchange()
{
    frame_encoder frames;
    auto add = [&](auto const& message) {
        frames.compose([&](std::string& payload) { wire::encode(message, payload); });
    };
    wire::hello hello;
    hello.agent = "cut";
    add(hello);
    add(registration("Vanya"));
    wire::text text;
    text.body = "hello";
    add(text);
    auto const bytes = detail::base::as_text(frames.pending());
    return std::string{bytes};
}

enum class disconnect { close, reset, half_close };

}  // namespace

TEST_CASE("a client that disconnects after any byte of a login leaves one log line")
{
    auto const kind = GENERATE(disconnect::close, disconnect::reset, disconnect::half_close);
    auto const bytes = whole_exchange();
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        for (std::size_t size = 0; size <= bytes.size(); ++size) {
            auto const lines_before = fixture.log.count("connection_closed") + fixture.log.count("connection_lost");
            auto cut = co_await fixture.connected();
            co_await cut.send_raw(bytes.substr(0, size));
            if (kind == disconnect::close) cut.socket().close();
            if (kind == disconnect::reset) cut.reset();
            if (kind == disconnect::half_close) cut.half_close();
            // The server may not have accepted it yet; once its line is logged, its connection has ended.
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

TEST_CASE("of twenty clients half disconnect without affecting the others")
{
    server_fixture fixture{open_access(), detail::services::echo, 2};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> clients;
        for (int i = 0; i < 20; ++i) {
            auto one = co_await fixture.admitted();
            clients.push_back(std::move(one));
        }
        for (int round = 0; round < 10; ++round) {
            for (std::size_t i = 0; i < clients.size(); ++i) {
                bool const disconnects = i % 2 == 1;
                if (disconnects && round > static_cast<int>(i / 2)) continue;  // disconnected already
                auto const body = std::to_string(i) + " in round " + std::to_string(round);
                wire::text text;
                text.body = body;
                co_await clients[i].send(text);
                if (disconnects && round == static_cast<int>(i / 2)) {
                    clients[i].reset();
                    continue;
                }
                auto echo = co_await clients[i].receive<wire::text>();
                CHECK(echo.body == body);
            }
        }
    });
    CHECK(fixture.server->defects() == 0);
}
