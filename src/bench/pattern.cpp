#include "bench/pattern.hpp"

#include <algorithm>
#include <string>

#include "porter/frame.hpp"
#include "protocol/kinds.hpp"

namespace porter::rooms::bench {

namespace {

constexpr std::size_t row_size = 64 * 1024;  // about what a socket takes at once
constexpr std::size_t body_at = frame_header_size + 1;

/// A number as six bits a character, which are valid UTF-8.
void write_mark(std::byte* to, std::size_t size, std::uint64_t number)
{
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::size_t i = 0; i < size; ++i, number >>= 6) to[i] = static_cast<std::byte>(digits[number & 63]);
}

}  // namespace

pattern::pattern(protocol::kind what, std::size_t payload)
    : frame_(body_at + payload), mark_(std::min(payload, mark_size))
{
    std::string body(1, static_cast<char>(what));
    for (std::size_t i = 0; i < payload; ++i) body += static_cast<char>('a' + i % 23);
    frame_encoder frames;
    for (std::size_t size = 0; size == 0 || size + frame_ <= row_size; size += frame_) frames.add(body);
    auto const all = frames.pending();
    row_.assign(all.begin(), all.end());
}

base::bytes_view pattern::bytes(std::uint64_t connection, std::uint64_t first, std::size_t skip, std::uint64_t messages)
{
    auto const fit = std::max<std::uint64_t>(1, std::min<std::uint64_t>(messages, row_.size() / frame_));
    for (std::uint64_t i = 0; i < fit; ++i) {
        // 28 bits for the message and 20 for the connection: neither comes round while a wrong echo could be on its
        // way.
        auto const number = ((first + i) & 0xfff'ffff) | connection << 28;
        write_mark(row_.data() + i * frame_ + body_at, mark_, number);
    }
    return base::bytes_view{row_}.subspan(skip, fit * frame_ - skip);
}

}  // namespace porter::rooms::bench
