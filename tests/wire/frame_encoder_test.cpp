#include <algorithm>
#include <stdexcept>
#include <utility>

#include "porter/frame.hpp"
#include "support/catch.hpp"
#include "wire/bytes.hpp"

using namespace porter;
using namespace porter::testing;

namespace {

/// Consumes the whole queue, `piece` bytes at a time, and returns it.
std::string written(frame_encoder& encoder, std::size_t piece = 1'000'000)
{
    std::string out;
    while (!encoder.empty()) {
        auto const pending = encoder.pending();
        REQUIRE_FALSE(pending.empty());
        auto const size = std::min(piece, pending.size());
        out += text_of(pending.first(size));
        encoder.consume(size);
    }
    CHECK(encoder.pending().empty());
    return out;
}

}  // namespace

TEST_CASE("a payload is written after its length")
{
    frame_encoder encoder;
    encoder.add("\x01\x01");
    CHECK(encoder.size() == 6);
    CHECK(written(encoder) == std::string("\0\0\0\2\1\1", 6));
    for (std::size_t size : {1U, 255U, 256U, 65'535U, 65'536U, 1U << 24}) {
        encoder.add(pattern(size));
        CHECK(written(encoder) == framed(pattern(size)));
    }
}

TEST_CASE("payloads are added as text or bytes or in pieces")
{
    frame_encoder encoder;
    encoder.add(bytes_of("bytes"));
    encoder.add({bytes_of("in "), bytes_of(""), bytes_of("pieces")});
    encoder.compose([](std::string& out) { out += "composed"; });
    CHECK(written(encoder) == framed("bytes") + framed("in pieces") + framed("composed"));
}

TEST_CASE("an empty payload is rejected and adds nothing")
{
    frame_encoder encoder;
    encoder.add("before");
    CHECK_THROWS_AS(encoder.add(""), std::system_error);
    CHECK_THROWS_AS(encoder.add(bytes_of("")), std::system_error);
    CHECK_THROWS_AS(encoder.add({bytes_of(""), bytes_of("")}), std::system_error);
    CHECK_THROWS_AS(encoder.compose([](std::string&) {}), std::system_error);
    CHECK(written(encoder) == framed("before"));
}

TEST_CASE("a payload whose composing fails adds nothing")
{
    frame_encoder encoder;
    encoder.add("before");
    auto const fails = [](std::string& out) {
        out += "half";
        throw std::runtime_error("no more");
    };
    CHECK_THROWS_AS(encoder.compose(fails), std::runtime_error);
    encoder.add("after");
    CHECK(written(encoder) == framed("before") + framed("after"));
}

TEST_CASE("frames are written in order in pieces of any size")
{
    for (std::size_t piece : {1U, 3U, 7U, 100U}) {
        frame_encoder encoder;
        encoder.add("one");
        encoder.add("two");
        encoder.add(pattern(50));
        CHECK(written(encoder, piece) == framed("one") + framed("two") + framed(pattern(50)));
    }
}

TEST_CASE("pending bytes do not move while frames are added")
{
    frame_encoder encoder;
    encoder.add("first");
    auto const pending = encoder.pending();
    for (int i = 0; i < 1000; ++i) encoder.add(pattern(100));
    CHECK(encoder.pending().data() == pending.data());
    CHECK(text_of(pending) == framed("first"));
    encoder.consume(4);
    encoder.add("last");
    CHECK(encoder.pending().data() == pending.data() + 4);
    CHECK(encoder.size() == 5 + 1000 * 104 + 8);
    CHECK(written(encoder).ends_with(framed("last")));
}

TEST_CASE("moving an encoder moves its queue and leaves it empty")
{
    frame_encoder first;
    first.add("one");
    first.pending();
    first.consume(2);
    first.add("two");
    frame_encoder second{std::move(first)};
    CHECK(first.empty());
    first.add("new");
    CHECK(written(first) == framed("new"));
    CHECK(written(second) == (framed("one") + framed("two")).substr(2));
    first.add("assigned");
    second = std::move(first);
    CHECK(written(second) == framed("assigned"));
    CHECK(first.empty());
}

TEST_CASE("an encoder is trimmed only when all is written")
{
    frame_encoder encoder;
    encoder.add("kept");
    encoder.trim();
    CHECK(written(encoder) == framed("kept"));
    encoder.trim();
    CHECK(encoder.empty());
    encoder.add("on");
    CHECK(written(encoder) == framed("on"));
}

TEST_CASE("forwarded frames are written in place before frames that are added later")
{
    auto const input = framed("first") + framed("second") + framed("third");
    auto const bytes = std::as_bytes(std::span{input});
    frame_encoder encoder;
    CHECK(encoder.forward(bytes.first(9)));
    CHECK(encoder.forward(bytes.subspan(9, 10)));
    CHECK(encoder.size() == 19);
    CHECK(encoder.pending().data() == bytes.data());
    encoder.consume(5);
    CHECK(encoder.forward(bytes.subspan(19)));
    encoder.add("own");
    CHECK(encoder.size() == input.size() - 5 + 7);
    CHECK(text_of(encoder.pending()) == input.substr(5));
    CHECK(encoder.capacity() < 100);
    CHECK(written(encoder) == input.substr(5) + framed("own"));
}

TEST_CASE("frames are not forwarded if that would change the order")
{
    auto const input = framed("first") + framed("second") + framed("third");
    auto const bytes = std::as_bytes(std::span{input});
    frame_encoder encoder;
    encoder.add("own");
    CHECK_FALSE(encoder.forward(bytes.first(9)));
    CHECK(written(encoder) == framed("own"));
    CHECK(encoder.forward(bytes.first(9)));
    CHECK_FALSE(encoder.forward(bytes.subspan(19)));  // not the next
    encoder.add("own");
    CHECK_FALSE(encoder.forward(bytes.subspan(9, 10)));  // another frame is between them
    CHECK(written(encoder) == framed("first") + framed("own"));
}

TEST_CASE("forwarded frames move with their encoder")
{
    auto const input = framed("first");
    frame_encoder first;
    first.forward(std::as_bytes(std::span{input}));
    frame_encoder second{std::move(first)};
    CHECK(first.empty());
    CHECK(written(second) == input);
}
