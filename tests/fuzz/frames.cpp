// The frame decoder, fed in pieces of any size, against a decoder that sees the whole stream; and the encoder back.
// Input: the limit in 16 bytes (word), how much is filled in behind the stream in 4 bytes (word), how many sizes of
// pieces, these, the stream.
#include "porter/frame.hpp"

#include "base/bytes.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {
namespace {

using detail::base::as_bytes;
using detail::base::as_text;

struct decoded {
    std::vector<std::string> payloads;
    std::error_code error;
    std::size_t used = 0;  // bytes of the stream that are whole frames

    bool operator==(decoded const&) const = default;
};

/// docs/PROTOCOL.md in the fewest words.
decoded decode_whole(std::string_view stream, std::size_t limit)
{
    decoded all;
    while (stream.size() - all.used >= 4) {
        std::size_t length = 0;
        for (auto const byte : stream.substr(all.used, 4)) length = length << 8 | static_cast<unsigned char>(byte);
        if (length == 0) all.error = frame_errc::empty_frame;
        if (length > limit) all.error = frame_errc::frame_too_large;
        if (all.error || stream.size() - all.used - 4 < length) break;
        all.payloads.emplace_back(stream.substr(all.used + 4, length));
        all.used += 4 + length;
    }
    return all;
}

void take_payloads(frame_decoder& decoder, decoded& all)
{
    for (;;) {
        auto const announced = decoder.ready(all.error);
        auto const payload = decoder.next(all.error);
        require(announced == payload.has_value(), "ready() and next() agree");
        if (!payload) return;
        all.payloads.emplace_back(as_text(*payload));
        all.used += 4 + payload->size();
    }
}

decoded decode_in_pieces(std::string_view stream, std::size_t limit, std::string_view sizes)
{
    decoded all;
    frame_decoder decoder{limit};
    std::size_t came = 0;
    for (std::size_t turn = 0; came < stream.size(); ++turn) {
        std::size_t const wanted =
            sizes.empty() ? stream.size() : static_cast<unsigned char>(sizes[turn % sizes.size()]);
        auto const room = decoder.prepare();
        require(!room.empty(), "there is always room");
        auto const size = std::min({turn > 200 ? stream.size() : wanted, room.size(), stream.size() - came});
        std::ranges::copy(as_bytes(stream.substr(came, size)), room.begin());
        decoder.commit(size);
        came += size;
        require(decoder.capacity() <= std::max(frame_decoder::small_buffer, 2 * came), "memory follows what came");
        take_payloads(decoder, all);
        if (turn % 3 == 0) decoder.trim();
        if (turn % 5 == 0) decoder = frame_decoder{std::move(decoder)};
    }
    require(decoder.size() == (all.error ? 0 : stream.size() - all.used), "what is buffered is what is not taken");
    require(decoder.partial() == !decoder.empty(), "what is left over is the beginning of a frame");
    return all;
}

std::string encode(std::vector<std::string> const& payloads)
{
    std::string stream;
    frame_encoder encoder;
    for (auto const& payload : payloads) {
        encoder.add(payload);
        auto const pending = encoder.pending();
        auto const some = std::min<std::size_t>(pending.size(), payload.size() / 2 + 1);
        stream += as_text(pending.first(some));
        encoder.consume(some);
    }
    while (!encoder.empty()) {
        stream += as_text(encoder.pending());
        encoder.consume(encoder.pending().size());
    }
    return stream;
}

}  // namespace

void check(std::string_view input)
{
    chooser choice{input};
    std::size_t const limit = choice.word() * 16U;
    std::size_t const filling = choice.word() * 4U;  // large frames take no large inputs
    auto const sizes = choice.take(choice.byte());
    auto const stream = std::string{choice.rest()} + std::string(filling, 'x');
    auto const expected = decode_whole(stream, limit);
    require(decode_in_pieces(stream, limit, sizes) == expected, "frames do not depend on how they arrive");
    require(encode(expected.payloads) == stream.substr(0, expected.used), "the encoder writes what the decoder reads");
}

}  // namespace porter::fuzzing
