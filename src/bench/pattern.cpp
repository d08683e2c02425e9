#include "bench/pattern.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "porter/frame.hpp"
#include "protocol/kinds.hpp"

namespace porter::detail::bench {

namespace {

constexpr std::size_t block_size = 64 * 1024;  // about what a socket accepts at once
constexpr std::size_t body_offset = frame_header_size + 1;

/// Writes a number as valid UTF-8, six bits a character.
void write_mark(std::byte* to, std::size_t size, std::uint64_t number)
{
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::size_t i = 0; i < size; ++i, number >>= 6) to[i] = static_cast<std::byte>(digits[number & 63]);
}

protocol::kind kind_of(content value)
{
    return value == content::data ? protocol::kind::data : protocol::kind::text;
}

/// The payload after the mark: ASCII letters, or Russian words.
std::string filling(content value, std::size_t size)
{
    static constexpr std::string_view russian = "съешь ещё этих мягких французских булок да выпей чаю ";
    std::string filled;
    filled.reserve(size + russian.size());
    if (value != content::cyrillic) {
        for (std::size_t i = 0; i < size; ++i) filled += static_cast<char>('a' + i % 23);
        return filled;
    }
    while (filled.size() <= size) filled += russian;
    auto const is_inside_letter = [&](std::size_t i) { return (filled[i] & '\xc0') == '\x80'; };
    filled.resize(is_inside_letter(size) ? size - 1 : size);
    filled.resize(size, '.');
    return filled;
}

}  // namespace

pattern::pattern(bench::content content, std::size_t payload)
    : frame_(body_offset + payload), mark_(std::min(payload, mark_size))
{
    std::string body(1, static_cast<char>(kind_of(content)));
    body.append(mark_, 'a');
    body += filling(content, payload - mark_);
    frame_encoder frames;
    for (std::size_t size = 0; size == 0 || size + frame_ <= block_size; size += frame_) frames.add(body);
    auto const all = frames.pending();
    block_.assign(all.begin(), all.end());
}

base::bytes_view pattern::bytes(std::uint64_t connection, std::uint64_t first, std::size_t skip, std::uint64_t messages)
{
    auto const count = std::max<std::uint64_t>(1, std::min<std::uint64_t>(messages, block_.size() / frame_));
    for (std::uint64_t i = 0; i < count; ++i) {
        // 28 bits for the message and 20 for the connection: neither wraps while an old echo could still arrive.
        auto const number = ((first + i) & 0xfff'ffff) | connection << 28;
        write_mark(block_.data() + i * frame_ + body_offset, mark_, number);
    }
    return base::bytes_view{block_}.subspan(skip, count * frame_ - skip);
}

}  // namespace porter::detail::bench
