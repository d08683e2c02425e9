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

/// A connection whose server is the test.
struct talk {
    explicit talk(std::size_t payload, content what = content::text) : messages(what, payload)
    {
        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
        client = channel{descriptor{pair[0]}};
        server = descriptor{pair[1]};
    }

    std::string heard()
    {
        std::string all(1 << 20, '\0');
        auto const size = ::recv(server.number(), all.data(), all.size(), 0);
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return all;
    }

    void say(std::string_view bytes) { REQUIRE(::send(server.number(), bytes.data(), bytes.size(), 0) > 0); }

    exchange::progress receive(std::size_t at_most = 1 << 20)
    {
        room.resize(at_most);
        return one.receive(client, messages, room);
    }

    pattern messages;
    channel client{descriptor{}};
    descriptor server;
    exchange one{3};
    std::vector<std::byte> room;
};

std::string closing_frame(code what)
{
    frame_encoder frames;
    frames.compose([&](std::string& out) {
        protocol::encode(protocol::closing{static_cast<std::uint16_t>(what), "enough"}, out);
    });
    return std::string{base::as_text(frames.pending())};
}

}  // namespace

TEST_CASE("messages are frames of valid text and each differs from the others")
{
    talk with{20};
    with.one.allow(3);
    REQUIRE_FALSE(with.one.send(with.client, with.messages));
    auto const bytes = with.heard();
    REQUIRE(bytes.size() == 3 * with.messages.frame_size());
    CHECK(bytes.substr(0, 5) == std::string_view{"\0\0\0\x15\x40", 5});
    CHECK(bytes.substr(5, 20) != bytes.substr(30, 20));
    CHECK(bytes.substr(30, 20) != bytes.substr(55, 20));
    CHECK(protocol::decode_reply(base::as_bytes(bytes).subspan(4, 21)));
}

TEST_CASE("a Cyrillic text is valid whatever its size")
{
    for (auto payload = 0U; payload < 200; ++payload) {
        INFO(payload);
        talk with{payload, content::cyrillic};
        with.one.allow(1);
        REQUIRE_FALSE(with.one.send(with.client, with.messages));
        auto const bytes = with.heard();
        REQUIRE(bytes.size() == 5 + payload);
        auto const read = protocol::decode_reply(base::as_bytes(bytes).subspan(4));
        REQUIRE(read);
        if (payload < 100) continue;
        auto const letters = base::count_code_points(std::string_view{bytes}.substr(5));
        CHECK(letters < payload * 2 / 3);
    }
}

TEST_CASE("the same bytes coming back are answers however they are cut")
{
    for (auto const payload : {0U, 1U, 7U, 64U, 70'000U}) {
        for (auto const cut : {1U, 5U, 1000U, 1U << 20}) {
            INFO(payload << " bytes in reads of " << cut);
            talk with{payload, content::data};
            with.one.allow(3);
            REQUIRE_FALSE(with.one.send(with.client, with.messages));
            std::uint64_t answers = 0;
            for (int round = 0; round < 10 && answers < 3; ++round) {
                REQUIRE_FALSE(with.one.send(with.client, with.messages));
                if (auto const bytes = with.heard(); !bytes.empty()) with.say(bytes);
                for (auto more = true; more;) {
                    auto const came = with.receive(cut);
                    REQUIRE_FALSE(came.failed);
                    answers += came.replies;
                    more = came.more;
                }
            }
            CHECK(answers == 3);
            CHECK(with.one.unanswered() == 0);
        }
    }
}

TEST_CASE("a wrong byte anywhere in an echo is a fault")
{
    for (auto const at : {0U, 4U, 5U, 12U, 68U, 69U, 137U}) {
        INFO(at);
        talk with{64};
        with.one.allow(2);
        REQUIRE_FALSE(with.one.send(with.client, with.messages));
        auto bytes = with.heard();
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        with.say(bytes);
        auto const came = with.receive();
        REQUIRE(came.failed);
        CHECK(came.failed->code == fault::kind::protocol);
    }
}

TEST_CASE("an answer that nobody asked for is a fault")
{
    talk with{8};
    with.one.allow(1);
    REQUIRE_FALSE(with.one.send(with.client, with.messages));
    auto const bytes = with.heard();
    with.say(bytes + bytes);
    CHECK(with.receive().failed);
}

TEST_CASE("a farewell of the server is reported by its name")
{
    for (auto const before : {0U, 1U}) {
        talk with{64};
        with.one.allow(2);
        REQUIRE_FALSE(with.one.send(with.client, with.messages));
        with.say(with.heard().substr(0, before * with.messages.frame_size()) + closing_frame(code::server_full));
        auto const came = with.receive();
        REQUIRE(came.failed);
        CHECK(came.failed->code == fault::kind::temporary_failure);
        CHECK(came.failed->reason == "the server says server_full: enough");
    }
}

TEST_CASE("the end of the stream is a fault")
{
    talk with{64};
    with.server = descriptor{};
    auto const came = with.receive();
    REQUIRE(came.failed);
    CHECK(came.failed->code == fault::kind::unreachable);
}

}  // namespace porter::detail::bench
