#include "base/utf8.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace porter::detail::base {
namespace {

using byte_pointer = unsigned char const*;

constexpr std::ptrdiff_t min_for_blocks = 16;  // bytes: a shorter text is checked faster by sequences
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
std::size_t sequence_length(byte_pointer at, byte_pointer end) noexcept
{
    auto const size = static_cast<std::size_t>(end - at);
    auto const lead = at[0];
    if (between(lead, 0xc2, 0xdf)) return size >= 2 && continues(at[1]) ? 2 : 0;
    if (between(lead, 0xe0, 0xef)) {
        if (size < 3 || !continues(at[1]) || !continues(at[2])) return 0;
        if (lead == 0xe0 && at[1] < 0xa0) return 0;  // overlong
        if (lead == 0xed && at[1] > 0x9f) return 0;  // surrogate
        return 3;
    }
    if (between(lead, 0xf0, 0xf4)) {
        if (size < 4 || !continues(at[1]) || !continues(at[2]) || !continues(at[3])) return 0;
        if (lead == 0xf0 && at[1] < 0x90) return 0;  // overlong
        if (lead == 0xf4 && at[1] > 0x8f) return 0;  // above U+10FFFF
        return 4;
    }
    return 0;
}

std::uint64_t load_8(byte_pointer at) noexcept
{
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

bool is_ascii(std::uint64_t bytes) noexcept
{
    return (bytes & high_bits) == 0;
}

/// The first byte from `at` on that is not ASCII.
inline byte_pointer skip_ascii(byte_pointer at, byte_pointer end) noexcept
{
    while (end - at >= 32 && is_ascii(load_8(at) | load_8(at + 8) | load_8(at + 16) | load_8(at + 24))) at += 32;
    while (end - at >= 8 && is_ascii(load_8(at))) at += 8;
    while (at != end && *at < 0x80) ++at;
    return at;
}

bool valid_by_sequences(byte_pointer at, byte_pointer end) noexcept
{
    while (at != end) {
        auto const length = *at < 0x80 ? 1 : sequence_length(at, end);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

#ifdef __x86_64__

// Inlined into the caller, so that the bytes stay in registers.
#define PORTER_AVX2 [[gnu::target("avx2"), gnu::always_inline]] inline

/// 64 bytes of a text. Each query returns one bit a byte, the lowest for the first.
class block {
public:
    static constexpr std::ptrdiff_t size = 64;

    PORTER_AVX2 explicit block(byte_pointer at) noexcept
        : low_(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(at))),
          high_(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(at + 32))),
          beyond_ascii_(bits(low_, high_))
    {}

    PORTER_AVX2 std::uint64_t beyond_ascii() const noexcept { return beyond_ascii_; }

    /// `least` is above 0x80: signed comparison orders bytes that are not ASCII as unsigned does.
    PORTER_AVX2 std::uint64_t from(unsigned char least) const noexcept
    {
        auto const below = _mm256_set1_epi8(static_cast<char>(least - 1));
        return bits(_mm256_cmpgt_epi8(low_, below), _mm256_cmpgt_epi8(high_, below)) & beyond_ascii_;
    }

    PORTER_AVX2 std::uint64_t equal(unsigned char byte) const noexcept
    {
        auto const to = _mm256_set1_epi8(static_cast<char>(byte));
        return bits(_mm256_cmpeq_epi8(low_, to), _mm256_cmpeq_epi8(high_, to));
    }

private:
    PORTER_AVX2 static std::uint64_t bits(__m256i low, __m256i high) noexcept
    {
        return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
               std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(high))} << 32;
    }

    __m256i low_;
    __m256i high_;
    std::uint64_t beyond_ascii_;
};

/// The length of the well-formed sequences of a block that begins with a sequence: the whole block, or without the last
/// sequence if the block's end cuts it; 0: the block is not well-formed. RFC 3629, section 4, for 64 bytes at once: the
/// bytes after a lead byte continue its sequence, and no other bytes do.
PORTER_AVX2 std::ptrdiff_t well_formed(block const& bytes) noexcept
{
    if (bytes.beyond_ascii() == 0) return block::size;
    auto const leads = bytes.from(0xc0);
    auto const of_three = bytes.from(0xe0);
    auto const of_four = of_three == 0 ? 0 : bytes.from(0xf0);
    auto wrong = (leads << 1 | of_three << 2 | of_four << 3) ^ (bytes.beyond_ascii() ^ leads);
    wrong |= leads ^ bytes.from(0xc2);  // C0 and C1: overlong
    if (of_three != 0) {
        auto const from_a0 = bytes.from(0xa0);
        wrong |= (bytes.equal(0xe0) << 1 & ~from_a0) | (bytes.equal(0xed) << 1 & from_a0);  // overlong; surrogates
    }
    if (of_four != 0) {
        auto const from_90 = bytes.from(0x90);
        wrong |= (bytes.equal(0xf0) << 1 & ~from_90) | (bytes.equal(0xf4) << 1 & from_90);  // overlong; above U+10FFFF
        wrong |= bytes.from(0xf5);
    }
    if (wrong != 0) return 0;
    bool const cut = (leads >> 63 | of_three >> 62 | of_four >> 61) != 0;
    return cut ? 63 - std::countl_zero(leads) : block::size;
}

[[gnu::target("avx2")]] bool valid_by_blocks(byte_pointer at, byte_pointer end) noexcept
{
    while (end - at >= block::size) {
        auto const valid = well_formed(block{at});
        if (valid == 0) return false;
        at += valid;
    }
    // The zeros after the last bytes are ASCII, so a truncated sequence is not continued there.
    std::array<unsigned char, block::size> last{};
    std::memcpy(last.data(), at, static_cast<std::size_t>(end - at));
    return well_formed(block{last.data()}) != 0;
}

#undef PORTER_AVX2

bool has_blocks() noexcept
{
    return __builtin_cpu_supports("avx2") != 0;
}

#else

bool valid_by_blocks(byte_pointer at, byte_pointer end) noexcept
{
    return valid_by_sequences(at, end);
}

constexpr bool has_blocks() noexcept
{
    return false;
}

#endif

}  // namespace

bool valid_utf8(std::string_view text) noexcept
{
    auto const* const begin = reinterpret_cast<byte_pointer>(text.data());
    auto const* const end = begin + text.size();
    auto const* const at = skip_ascii(begin, end);
    if (at == end) return true;
    return end - at >= min_for_blocks && has_blocks() ? valid_by_blocks(at, end) : valid_by_sequences(at, end);
}

}  // namespace porter::detail::base
