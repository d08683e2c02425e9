#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "porter/frame.hpp"
#include "support/catch.hpp"
#include "wire/bytes.hpp"

using namespace porter;
using namespace porter::testing;

namespace {

/// Puts bytes into a decoder as reads would, as many at a time as prepare() allows.
void feed(frame_decoder& decoder, std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const space = decoder.prepare();
        REQUIRE_FALSE(space.empty());
        auto const size = std::min(space.size(), bytes.size());
        std::memcpy(space.data(), bytes.data(), size);
        decoder.commit(size);
        bytes.remove_prefix(size);
    }
}

/// Returns all complete payloads.
std::vector<std::string> take_all(frame_decoder& decoder, std::error_code& error)
{
    std::vector<std::string> payloads;
    while (auto const payload = decoder.next(error)) payloads.push_back(text_of(*payload));
    return payloads;
}

std::vector<std::string> take_all(frame_decoder& decoder)
{
    std::error_code error;
    auto payloads = take_all(decoder, error);
    CHECK_FALSE(error);
    return payloads;
}

std::error_code error_of(std::size_t limit, std::string_view bytes)
{
    frame_decoder decoder{limit};
    std::error_code error;
    feed(decoder, bytes);
    take_all(decoder, error);
    return error;
}

}  // namespace

TEST_CASE("every length from 1 to the limit is accepted and no other")
{
    for (std::size_t limit : {1U, 2U, 255U, 256U, 600U}) {
        CHECK(error_of(limit, framed("")) == frame_errc::empty_frame);
        for (std::size_t length = 1; length <= limit; ++length) {
            frame_decoder decoder{limit};
            auto const payload = pattern(length);
            feed(decoder, framed(payload));
            CHECK(take_all(decoder) == std::vector{payload});
            CHECK(decoder.empty());
        }
        CHECK(error_of(limit, framed(pattern(limit + 1))) == frame_errc::frame_too_large);
    }
}

TEST_CASE("a length is checked as soon as the header is complete")
{
    CHECK(error_of(default_max_frame, header(0)) == frame_errc::empty_frame);
    CHECK_FALSE(error_of(default_max_frame, header(default_max_frame)));
    for (std::uint32_t length :
         {static_cast<std::uint32_t>(default_max_frame + 1), 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        CHECK(error_of(default_max_frame, header(length)) == frame_errc::frame_too_large);
    }
}

TEST_CASE("lengths with the highest bit set are valid")
{
    for (std::uint32_t length : {0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        frame_decoder decoder{0xffffffff};
        feed(decoder, header(length) + "x");
        CHECK(take_all(decoder).empty());
        CHECK(decoder.expected() == length);
    }
}

TEST_CASE("a stream of frames gives the same payloads wherever it is split")
{
    std::vector<std::string> const payloads{"a", pattern(2), "hello", pattern(255), pattern(256), "z"};
    std::string stream;
    for (auto const& payload : payloads) stream += framed(payload);

    for (std::size_t split = 0; split <= stream.size(); ++split) {
        frame_decoder decoder;
        feed(decoder, std::string_view{stream}.substr(0, split));
        auto received = take_all(decoder);
        feed(decoder, std::string_view{stream}.substr(split));
        auto const rest = take_all(decoder);
        received.insert(received.end(), rest.begin(), rest.end());
        CHECK(received == payloads);
        CHECK_FALSE(decoder.partial());
    }
}

TEST_CASE("partial and expected are right after each byte of a stream")
{
    std::vector<std::string> const payloads{"a", "hello", pattern(300)};
    frame_decoder decoder;
    for (auto const& payload : payloads) {
        auto const frame = framed(payload);
        for (std::size_t offset = 0; offset < frame.size(); ++offset) {
            CHECK(take_all(decoder).empty());
            CHECK(decoder.partial() == (offset > 0));
            CHECK(decoder.expected() == (offset < frame_header_size ? 0 : payload.size()));
            CHECK(decoder.size() == offset);
            feed(decoder, frame.substr(offset, 1));
        }
        CHECK_FALSE(decoder.partial());
        CHECK(take_all(decoder) == std::vector{payload});
    }
}

TEST_CASE("an incomplete frame is detected after complete ones that were not taken yet")
{
    frame_decoder decoder;
    feed(decoder, framed("one") + framed("two"));
    CHECK_FALSE(decoder.partial());
    feed(decoder, header(9) + "x");
    CHECK(decoder.partial());
    CHECK(decoder.expected() == 9);
}

TEST_CASE("ready does not take the frame")
{
    frame_decoder decoder;
    std::error_code error;
    feed(decoder, header(2) + "h");
    CHECK_FALSE(decoder.ready(error));
    feed(decoder, "i");
    CHECK(decoder.ready(error));
    CHECK(decoder.ready(error));
    CHECK(take_all(decoder) == std::vector<std::string>{"hi"});
    feed(decoder, header(0));
    CHECK_FALSE(decoder.ready(error));
    CHECK(error == frame_errc::empty_frame);
}

TEST_CASE("payloads are views into the space that prepare returned")
{
    frame_decoder decoder;
    auto const space = decoder.prepare();
    std::memcpy(space.data(), framed("view").data(), 8);
    decoder.commit(8);
    std::error_code error;
    auto const payload = decoder.next(error);
    REQUIRE(payload);
    CHECK(payload->data() == space.data() + frame_header_size);
}

TEST_CASE("the limit is checked when a frame is taken")
{
    frame_decoder decoder{4};
    feed(decoder, framed("four") + framed("five5"));
    std::error_code error;
    CHECK(decoder.next(error));
    decoder.limit(5);
    CHECK(decoder.limit() == 5);
    CHECK(decoder.next(error));
    CHECK_FALSE(error);

    feed(decoder, framed("five5"));
    decoder.limit(4);
    CHECK_FALSE(decoder.next(error));
    CHECK(error == frame_errc::frame_too_large);
}

TEST_CASE("frames before an invalid one are returned first")
{
    frame_decoder decoder;
    std::error_code error;
    feed(decoder, framed("good") + header(0) + framed("never"));
    CHECK(take_all(decoder, error) == std::vector<std::string>{"good"});
    CHECK(error == frame_errc::empty_frame);
}

TEST_CASE("a decoder stays failed and discards further input")
{
    frame_decoder decoder{10};
    std::error_code error;
    feed(decoder, header(11));
    CHECK_FALSE(decoder.next(error));
    decoder.limit(100);
    for (int i = 0; i < 1000; ++i) feed(decoder, framed(pattern(90)));
    CHECK_FALSE(decoder.next(error));
    CHECK(error == frame_errc::frame_too_large);
    CHECK(decoder.empty());
    CHECK_FALSE(decoder.partial());
    CHECK(decoder.capacity() <= frame_decoder::usual_buffer);
}

TEST_CASE("an earlier error code is cleared")
{
    frame_decoder decoder;
    std::error_code error = frame_errc::truncated;
    CHECK_FALSE(decoder.next(error));
    CHECK_FALSE(error);
}

TEST_CASE("discarded frames are not returned")
{
    frame_decoder decoder;
    feed(decoder, framed("gone") + header(7));
    decoder.discard();
    CHECK(decoder.empty());
    CHECK_FALSE(decoder.partial());
    CHECK(take_all(decoder).empty());
}

TEST_CASE("moving a decoder moves its buffer and leaves it as newly constructed")
{
    frame_decoder first{50};
    feed(first, framed("one") + header(3) + "tw");
    frame_decoder second{std::move(first)};
    CHECK(second.limit() == 50);
    feed(second, "o");
    CHECK(take_all(second) == std::vector<std::string>{"one", "two"});

    feed(first, framed("again"));
    CHECK(take_all(first) == std::vector<std::string>{"again"});

    feed(first, framed("assigned"));
    second = std::move(first);
    CHECK(take_all(second) == std::vector<std::string>{"assigned"});
    CHECK(first.empty());
}

TEST_CASE("frame errors have messages")
{
    for (auto error : {frame_errc::empty_frame, frame_errc::frame_too_large, frame_errc::truncated}) {
        std::error_code const code = error;
        CHECK(std::string_view{code.category().name()} == "porter.frame");
        CHECK(code.message().find("frame") != std::string::npos);
        CHECK(code.message() != "unknown frame error");
    }
    CHECK(std::error_code{99, frame_category()}.message() == "unknown frame error");
}
