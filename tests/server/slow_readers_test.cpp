// Peers that read slowly, and the memory that they hold (promise N14).
#include <algorithm>
#include <array>
#include <deque>

#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using std::chrono::milliseconds;

namespace {

constexpr std::uint32_t frame = 128 * 1024;

/// The smallest limit of memory: eight frames, four for one network.
detail::server::options min_memory()
{
    auto options = open_access();
    options.max_frame = frame;
    options.max_buffered = 1;
    return options;
}

std::ptrdiff_t closed_as(server_fixture& fixture, std::string_view code)
{
    auto const closed = fixture.log.events("connection_closed");
    return std::ranges::count_if(closed, [&](auto const& event) { return event.field("code") == code; });
}

std::string large_frame()
{
    std::string const body(frame - 1, 'x');
    return frame_of(wire::text{body});
}

/// Sends eight large frames and reads nothing, with a small receive buffer.
task<void> flood(test_client& client, server_fixture& fixture)
{
    client.socket().open(asio::ip::tcp::v4());
    client.socket().set_option(asio::socket_base::receive_buffer_size{4096});
    co_await client.connect(fixture.endpoint);
    co_await client.greet();
    co_await client.receive_access();
    auto const once = large_frame();
    for (int i = 0; i < 8; ++i) {
        // What the server does not read is not sent.
        detail::base::error_code ignored;
        client.socket().try_write_some(asio::buffer(once), ignored);
    }
}

}  // namespace

TEST_CASE("over the limit of a network a connection with unread output is closed as slow_consumer")
{
    auto options = min_memory();
    options.output_time = std::chrono::minutes{10};  // this timeout never expires here
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> slow;
        for (int i = 0; i < 8; ++i) co_await flood(slow.emplace_back(fixture.io), fixture);
        auto other = co_await fixture.admitted();
        // Connections that took more memory before the slow ones were closed are closed first.
        while (closed_as(fixture, "slow_consumer") == 0) {
            co_await other.exchange("hello");
        }
    });
    CHECK(closed_as(fixture, "slow_consumer") + closed_as(fixture, "server_full") < 8);
}

TEST_CASE("a client that reads byte by byte is closed however steadily it reads")
{
    auto options = open_access();
    options.output_time = milliseconds{300};
    options.slowest_rate = 64 * 1024 * 1024;
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        test_client slow{fixture.io};
        co_await flood(slow, fixture);
        auto other = co_await fixture.admitted();
        while (fixture.log.count("connection_closed") == 0) {
            std::array<char, 16> some{};
            auto& socket = static_cast<detail::base::tcp_socket&>(slow.socket());
            co_await socket.async_read_some(asio::buffer(some), use_task);
            co_await other.exchange("hello");
        }
    });
    CHECK(fixture.log.events("connection_closed")[0].field("code") == "slow_consumer");
}
