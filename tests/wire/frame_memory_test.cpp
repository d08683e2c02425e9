// Promise N1 of SECURITY.md.
#include <algorithm>
#include <cstring>
#include <memory_resource>

#include "porter/frame.hpp"
#include "support/catch.hpp"
#include "wire/bytes.hpp"

using namespace porter;
using namespace porter::testing;

namespace {

/// Counts a decoder's allocations.
class counting_memory final : public std::pmr::memory_resource {
public:
    std::size_t allocations = 0;
    std::size_t held = 0;  // bytes

private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override
    {
        ++allocations;
        held += bytes;
        return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override
    {
        held -= bytes;
        std::pmr::new_delete_resource()->deallocate(at, bytes, alignment);
    }
    bool do_is_equal(std::pmr::memory_resource const& other) const noexcept override { return this == &other; }
};

/// Reads `bytes` in pieces of at most `piece`, and calls `after` with the total after each.
template <typename After>
void read_in_pieces(frame_decoder& decoder, std::string_view bytes, std::size_t piece, After after)
{
    std::size_t total = 0;
    while (total < bytes.size()) {
        auto const space = decoder.prepare();
        auto const size = std::min({space.size(), piece, bytes.size() - total});
        std::memcpy(space.data(), bytes.data() + total, size);
        decoder.commit(size);
        total += size;
        after(total);
    }
}

void read_all(frame_decoder& decoder, std::string_view bytes)
{
    read_in_pieces(decoder, bytes, bytes.size(), [](std::size_t) {});
}

std::size_t take_all(frame_decoder& decoder)
{
    std::error_code error;
    std::size_t count = 0;
    while (decoder.next(error)) ++count;
    CHECK_FALSE(error);
    return count;
}

}  // namespace

TEST_CASE("a decoder has no memory before its first read")
{
    counting_memory memory;
    frame_decoder decoder{default_max_frame, &memory};
    CHECK(memory.allocations == 0);
    decoder.prepare();
    decoder.commit(0);
    CHECK(memory.held == frame_decoder::small_buffer);
}

TEST_CASE("a declared length allocates nothing")
{
    for (std::uint32_t length : {0x00100000U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        counting_memory memory;
        frame_decoder decoder{0xffffffff, &memory};
        read_all(decoder, header(length) + "x");
        CHECK(take_all(decoder) == 0);
        decoder.prepare();
        decoder.commit(0);
        CHECK(memory.held == frame_decoder::small_buffer);
    }
}

TEST_CASE("the buffer grows with the bytes received")
{
    counting_memory memory;
    frame_decoder decoder{default_max_frame, &memory};
    auto const frame = framed(pattern(default_max_frame));
    std::size_t too_much = 0;
    read_in_pieces(decoder, frame, 1000, [&](std::size_t total) {
        if (memory.held > std::max(2 * total, frame_decoder::small_buffer)) ++too_much;
    });
    CHECK(too_much == 0);
    CHECK(memory.allocations <= 10);
    CHECK(memory.held == frame.size());
    CHECK(take_all(decoder) == 1);
}

TEST_CASE("a large frame's memory is freed by the next read")
{
    counting_memory memory;
    frame_decoder decoder{default_max_frame, &memory};
    read_all(decoder, framed(pattern(default_max_frame)));
    CHECK(take_all(decoder) == 1);
    decoder.prepare();
    decoder.commit(0);
    CHECK(memory.held <= frame_decoder::usual_buffer);

    read_all(decoder, framed(pattern(default_max_frame)) + header(9).substr(0, 2));
    CHECK(take_all(decoder) == 1);
    decoder.prepare();
    decoder.commit(0);
    CHECK(decoder.partial());
    CHECK(memory.held <= frame_decoder::usual_buffer);
}

TEST_CASE("reads that fill the buffer grow it up to the usual size")
{
    counting_memory memory;
    frame_decoder decoder{default_max_frame, &memory};
    std::size_t largest = 0;
    for (int i = 0; i < 40; ++i) {
        auto const space = decoder.prepare();
        largest = std::max(largest, space.size());
        std::size_t filled = 0;
        for (auto const frame = framed("sixteen bytes ok"); filled + frame.size() <= space.size();
             filled += frame.size()) {
            std::memcpy(space.data() + filled, frame.data(), frame.size());
        }
        auto const rest = space.size() - filled;  // fill the buffer with the beginning of one more
        auto const last = framed("sixteen bytes ok");
        std::memcpy(space.data() + filled, last.data(), rest);
        decoder.commit(space.size());
        take_all(decoder);
        read_all(decoder, std::string_view{last}.substr(rest));
        take_all(decoder);
    }
    CHECK(largest == frame_decoder::usual_buffer);
    CHECK(memory.held == frame_decoder::usual_buffer);
    CHECK(memory.allocations <= 6);
}

TEST_CASE("a busy connection's frames need no allocation")
{
    counting_memory memory;
    frame_decoder decoder{default_max_frame, &memory};
    std::string many;
    for (int i = 0; i < 16; ++i) many += framed(pattern(64));
    read_all(decoder, many);
    take_all(decoder);
    auto const before = memory.allocations;
    for (int i = 0; i < 10'000; ++i) {
        read_all(decoder, many);
        if (take_all(decoder) != 16) FAIL("frames were lost");
    }
    CHECK(memory.allocations == before);
}

TEST_CASE("the buffer grows while no frame is taken")
{
    counting_memory memory;
    frame_decoder decoder{default_max_frame, &memory};
    std::string many;
    for (int i = 0; i < 5'000; ++i) many += framed(pattern(100));
    read_in_pieces(decoder, many, 777, [](std::size_t) {});
    CHECK(decoder.size() == many.size());
    CHECK(memory.held <= 2 * many.size());
    CHECK(take_all(decoder) == 5'000);
}

TEST_CASE("trimming an empty decoder frees its memory")
{
    counting_memory memory;
    frame_decoder decoder{default_max_frame, &memory};
    read_all(decoder, framed("hello") + header(5));
    take_all(decoder);
    decoder.trim();
    CHECK(memory.held == frame_decoder::small_buffer);  // an incomplete frame is kept
    read_all(decoder, "again");
    CHECK(take_all(decoder) == 1);

    auto const space = decoder.prepare();
    decoder.trim();
    CHECK(memory.held == frame_decoder::small_buffer);  // a read is pending
    std::memcpy(space.data(), framed("x").data(), 5);
    decoder.commit(5);
    CHECK(take_all(decoder) == 1);

    decoder.trim();
    CHECK(memory.held == 0);
    CHECK(decoder.capacity() == 0);
    read_all(decoder, framed("and on"));
    CHECK(take_all(decoder) == 1);
}

TEST_CASE("a busy encoder keeps one buffer and no large one")
{
    frame_encoder encoder;
    auto const nothing = encoder.capacity();
    auto const write_all = [&](std::size_t payload) {
        encoder.add(pattern(payload));
        while (!encoder.empty()) encoder.consume(encoder.pending().size());
    };
    for (int i = 0; i < 10; ++i) write_all(10'000);
    CHECK(encoder.capacity() >= 10'000);
    CHECK(encoder.capacity() < 2 * 10'000);

    write_all(default_max_frame);
    CHECK(encoder.capacity() <= frame_encoder::kept_buffer);

    write_all(10'000);
    encoder.trim();
    CHECK(encoder.capacity() == nothing);
}
