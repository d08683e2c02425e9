// Compares the frame decoder, fed in pieces of any size, with a decoder of the whole stream; then encodes the payloads
// again. Input: the limit in units of 16 bytes (word), the padding after the stream in units of 4 bytes (word), the
// number of piece sizes (byte), the sizes, the stream.
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
    std::size_t used = 0;  // bytes of complete frames

    bool operator==(decoded const&) const = default;
};

/// A minimal implementation of docs/PROTOCOL.md.
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
        auto const is_ready = decoder.ready(all.error);
        auto const payload = decoder.next(all.error);
        require(is_ready == payload.has_value(), "ready() and next() agree");
        if (!payload) return;
        all.payloads.emplace_back(as_text(*payload));
        all.used += 4 + payload->size();
    }
}

decoded decode_in_pieces(std::string_view stream, std::size_t limit, std::string_view sizes)
{
    decoded all;
    frame_decoder decoder{limit};
    std::size_t received = 0;
    for (std::size_t round = 0; received < stream.size(); ++round) {
        std::size_t const piece =
            sizes.empty() ? stream.size() : static_cast<unsigned char>(sizes[round % sizes.size()]);
        auto const space = decoder.prepare();
        require(!space.empty(), "there is always free space");
        auto const size = std::min({round > 200 ? stream.size() : piece, space.size(), stream.size() - received});
        std::ranges::copy(as_bytes(stream.substr(received, size)), space.begin());
        decoder.commit(size);
        received += size;
        require(decoder.capacity() <= std::max(frame_decoder::small_buffer, 2 * received),
                "memory is bounded by the input");
        take_payloads(decoder, all);
        if (round % 3 == 0) decoder.trim();
        if (round % 5 == 0) decoder = frame_decoder{std::move(decoder)};
    }
    require(decoder.size() == (all.error ? 0 : stream.size() - all.used), "all untaken input is buffered");
    require(decoder.partial() == !decoder.empty(), "the rest is the beginning of a frame");
    return all;
}

std::string encode(std::vector<std::string> const& payloads)
{
    std::string stream;
    frame_encoder encoder;
    for (auto const& payload : payloads) {
        encoder.add(payload);
        auto const pending = encoder.pending();
        auto const size = std::min<std::size_t>(pending.size(), payload.size() / 2 + 1);
        stream += as_text(pending.first(size));
        encoder.consume(size);
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
    std::size_t const padding = choice.word() * 4U;  // makes large frames from small inputs
    auto const sizes = choice.take(choice.byte());
    auto const stream = std::string{choice.rest()} + std::string(padding, 'x');
    auto const expected = decode_whole(stream, limit);
    require(decode_in_pieces(stream, limit, sizes) == expected, "frames do not depend on how they arrive");
    require(encode(expected.payloads) == stream.substr(0, expected.used), "the encoder writes what the decoder reads");
}

}  // namespace porter::fuzzing
