#include "bench/exchange.hpp"

#include <sys/socket.h>

#include <array>
#include <string>

#include "base/text.hpp"
#include "bench/pattern.hpp"
#include "porter/frame.hpp"
#include "protocol/codec.hpp"
#include "support/catch.hpp"

namespace porter::detail::bench {

namespace {

/// A connection to a server that the test plays.
struct exchange_fixture {
    explicit exchange_fixture(std::size_t payload, content content = content::text) : messages(content, payload)
    {
        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
        client = channel{base::unique_fd{pair[0]}};
        server = base::unique_fd{pair[1]};
    }

    std::string received_by_server()
    {
        std::string all(1 << 20, '\0');
        auto const size = ::recv(server.get(), all.data(), all.size(), 0);
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return all;
    }

    void reply(std::string_view bytes) { REQUIRE(::send(server.get(), bytes.data(), bytes.size(), 0) > 0); }

    bench::exchange::progress receive(std::size_t limit = 1 << 20)
    {
        buffer.resize(limit);
        return exchange.receive(client, messages, buffer);
    }

    pattern messages;
    channel client{base::unique_fd{}};
    base::unique_fd server;
    bench::exchange exchange{3};
    std::vector<std::byte> buffer;
};

std::string closing_frame(code code)
{
    frame_encoder frames;
    frames.compose([&](std::string& out) {
        protocol::encode(protocol::closing{static_cast<std::uint16_t>(code), "enough"}, out);
    });
    return std::string{base::as_text(frames.pending())};
}

}  // namespace

TEST_CASE("messages are frames of valid text and each differs from the others")
{
    exchange_fixture fixture{20};
    fixture.exchange.allow(3);
    REQUIRE_FALSE(fixture.exchange.send(fixture.client, fixture.messages));
    auto const bytes = fixture.received_by_server();
    REQUIRE(bytes.size() == 3 * fixture.messages.frame_size());
    CHECK(bytes.substr(0, 5) == std::string_view{"\0\0\0\x15\x40", 5});
    CHECK(bytes.substr(5, 20) != bytes.substr(30, 20));
    CHECK(bytes.substr(30, 20) != bytes.substr(55, 20));
    CHECK(protocol::decode_reply(base::as_bytes(bytes).subspan(4, 21)));
}

TEST_CASE("a Cyrillic text is valid whatever its size")
{
    for (auto payload = 0U; payload < 200; ++payload) {
        INFO(payload);
        exchange_fixture fixture{payload, content::cyrillic};
        fixture.exchange.allow(1);
        REQUIRE_FALSE(fixture.exchange.send(fixture.client, fixture.messages));
        auto const bytes = fixture.received_by_server();
        REQUIRE(bytes.size() == 5 + payload);
        auto const read = protocol::decode_reply(base::as_bytes(bytes).subspan(4));
        REQUIRE(read);
        if (payload < 100) continue;
        auto const letters = base::count_code_points(std::string_view{bytes}.substr(5));
        CHECK(letters < payload * 2 / 3);
    }
}

TEST_CASE("echoed bytes are replies however they are split")
{
    for (auto const payload : {0U, 1U, 7U, 64U, 70'000U}) {
        for (auto const cut : {1U, 5U, 1000U, 1U << 20}) {
            INFO(payload << " bytes in reads of " << cut);
            exchange_fixture fixture{payload, content::data};
            fixture.exchange.allow(3);
            REQUIRE_FALSE(fixture.exchange.send(fixture.client, fixture.messages));
            std::uint64_t answers = 0;
            for (int round = 0; round < 10 && answers < 3; ++round) {
                REQUIRE_FALSE(fixture.exchange.send(fixture.client, fixture.messages));
                if (auto const bytes = fixture.received_by_server(); !bytes.empty()) fixture.reply(bytes);
                for (auto more = true; more;) {
                    auto const result = fixture.receive(cut);
                    REQUIRE_FALSE(result.error);
                    answers += result.replies;
                    more = result.more;
                }
            }
            CHECK(answers == 3);
            CHECK(fixture.exchange.unanswered() == 0);
        }
    }
}

TEST_CASE("a wrong byte anywhere in an echo is a fault")
{
    for (auto const at : {0U, 4U, 5U, 12U, 68U, 69U, 137U}) {
        INFO(at);
        exchange_fixture fixture{64};
        fixture.exchange.allow(2);
        REQUIRE_FALSE(fixture.exchange.send(fixture.client, fixture.messages));
        auto bytes = fixture.received_by_server();
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        fixture.reply(bytes);
        auto const result = fixture.receive();
        REQUIRE(result.error);
        CHECK(result.error->kind == fault_kind::protocol);
    }
}

TEST_CASE("an unexpected reply is a fault")
{
    exchange_fixture fixture{8};
    fixture.exchange.allow(1);
    REQUIRE_FALSE(fixture.exchange.send(fixture.client, fixture.messages));
    auto const bytes = fixture.received_by_server();
    fixture.reply(bytes + bytes);
    CHECK(fixture.receive().error);
}

TEST_CASE("a closing of the server is reported by its name")
{
    for (auto const before : {0U, 1U}) {
        exchange_fixture fixture{64};
        fixture.exchange.allow(2);
        REQUIRE_FALSE(fixture.exchange.send(fixture.client, fixture.messages));
        fixture.reply(fixture.received_by_server().substr(0, before * fixture.messages.frame_size()) +
                      closing_frame(code::server_full));
        auto const result = fixture.receive();
        REQUIRE(result.error);
        CHECK(result.error->kind == fault_kind::temporary_failure);
        CHECK(result.error->reason == "the server says server_full: enough");
    }
}

TEST_CASE("the end of the stream is a fault")
{
    exchange_fixture fixture{64};
    fixture.server = base::unique_fd{};
    auto const result = fixture.receive();
    REQUIRE(result.error);
    CHECK(result.error->kind == fault_kind::unreachable);
}

}  // namespace porter::detail::bench
