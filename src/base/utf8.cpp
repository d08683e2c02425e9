#include "base/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace porter::rooms::base {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080;

bool between(unsigned char byte, unsigned char first, unsigned char last) noexcept
{
    return byte >= first && byte <= last;
}

bool continues(unsigned char byte) noexcept
{
    return (byte & 0xc0) == 0x80;
}

/// The length of the well-formed sequence (RFC 3629, section 4: UTF8-2, UTF8-3, UTF8-4) that begins at `at` and ends
/// before `end`; 0: there is none.
std::size_t sequence(unsigned char const* at, unsigned char const* end) noexcept
{
    auto const left = static_cast<std::size_t>(end - at);
    auto const lead = at[0];
    if (between(lead, 0xc2, 0xdf)) return left >= 2 && continues(at[1]) ? 2 : 0;
    if (between(lead, 0xe0, 0xef)) {
        if (left < 3 || !continues(at[1]) || !continues(at[2])) return 0;
        if (lead == 0xe0 && at[1] < 0xa0) return 0;  // overlong
        if (lead == 0xed && at[1] > 0x9f) return 0;  // surrogate
        return 3;
    }
    if (between(lead, 0xf0, 0xf4)) {
        if (left < 4 || !continues(at[1]) || !continues(at[2]) || !continues(at[3])) return 0;
        if (lead == 0xf0 && at[1] < 0x90) return 0;  // overlong
        if (lead == 0xf4 && at[1] > 0x8f) return 0;  // above U+10FFFF
        return 4;
    }
    return 0;
}

std::uint64_t eight(unsigned char const* at) noexcept
{
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

bool is_ascii(std::uint64_t bytes) noexcept
{
    return (bytes & high_bits) == 0;
}

}  // namespace

bool valid_utf8(std::string_view text) noexcept
{
    auto const* at = reinterpret_cast<unsigned char const*>(text.data());
    auto const* const end = at + text.size();
    while (at != end) {
        if (*at < 0x80) {
            while (end - at >= 32 && is_ascii(eight(at) | eight(at + 8) | eight(at + 16) | eight(at + 24))) at += 32;
            while (end - at >= 8 && is_ascii(eight(at))) at += 8;
            while (at != end && *at < 0x80) ++at;
        } else {
            auto const length = sequence(at, end);
            if (length == 0) return false;
            at += length;
        }
    }
    return true;
}

}  // namespace porter::rooms::base
