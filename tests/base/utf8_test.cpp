#include "base/utf8.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"

using porter::detail::base::valid_utf8;

namespace {

std::string encoded(std::uint32_t point)
{
    auto const tail = [&](int shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x80) return {static_cast<char>(point)};
    if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), tail(0)};
    if (point < 0x10000) return {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
}

/// The reference for the fast validator: decodes each sequence and checks that it is the encoding of its value.
bool decodes(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        auto const lead = static_cast<unsigned char>(text[at]);
        std::size_t const length = lead < 0x80   ? 1
                                   : lead < 0xc0 ? 0
                                   : lead < 0xe0 ? 2
                                   : lead < 0xf0 ? 3
                                   : lead < 0xf8 ? 4
                                                 : 0;
        if (length == 0 || at + length > text.size()) return false;
        auto point = static_cast<std::uint32_t>(length == 1 ? lead : lead & (0x7f >> length));
        for (std::size_t i = 1; i < length; ++i) {
            auto const next = static_cast<unsigned char>(text[at + i]);
            if ((next & 0xc0) != 0x80) return false;
            point = point << 6 | (next & 0x3f);
        }
        bool const surrogate = point >= 0xd800 && point <= 0xdfff;
        if (surrogate || point > 0x10ffff || encoded(point).size() != length) return false;
        at += length;
    }
    return true;
}

}  // namespace

TEST_CASE("every code point except the surrogates is valid UTF-8")
{
    std::string wrong;
    for (std::uint32_t point = 0; point <= 0x10ffff; ++point) {
        bool const surrogate = point >= 0xd800 && point <= 0xdfff;
        if (valid_utf8(encoded(point)) == surrogate) wrong += std::to_string(point) + ' ';
    }
    CHECK(wrong.empty());
}

TEST_CASE("nothing above U+10FFFF is valid UTF-8")
{
    std::size_t accepted = 0;
    for (std::uint32_t point = 0x110000; point <= 0x1fffff; ++point) {
        if (valid_utf8(encoded(point))) ++accepted;
    }
    CHECK(accepted == 0);
}

TEST_CASE("every sequence of two and three bytes that is not ASCII is checked as RFC 3629 requires")
{
    std::size_t wrong = 0;
    for (std::uint32_t bytes = 0x800000; bytes <= 0xffffff; ++bytes) {
        std::array const text{static_cast<char>(bytes >> 16), static_cast<char>(bytes >> 8), static_cast<char>(bytes)};
        std::string_view const three{text.data(), 3};
        if (valid_utf8(three) != decodes(three)) ++wrong;
        if ((bytes & 0xff) != 0) continue;
        if (valid_utf8(three.substr(0, 2)) != decodes(three.substr(0, 2))) ++wrong;
    }
    CHECK(wrong == 0);
}

TEST_CASE("four-byte sequences are checked as RFC 3629 requires at all boundaries")
{
    std::size_t wrong = 0;
    for (int lead = 0xed; lead <= 0xff; ++lead) {
        for (int second = 0x70; second <= 0xcf; ++second) {
            for (int third : {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff}) {
                for (int fourth : {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff}) {
                    std::string const text{static_cast<char>(lead), static_cast<char>(second), static_cast<char>(third),
                                           static_cast<char>(fourth)};
                    if (valid_utf8(text) != decodes(text)) ++wrong;
                }
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("an invalid byte is found at every offset of a long text")
{
    for (std::size_t size = 0; size < 40; ++size) {
        std::string text(size, 'a');
        CHECK(valid_utf8(text));
        for (std::size_t at = 0; at < size; ++at) {
            text[at] = static_cast<char>(0x80);
            CHECK_FALSE(valid_utf8(text));
            text[at] = 'a';
        }
    }
}

TEST_CASE("the result for a sequence does not depend on its offset in a long text")
{
    // The boundaries of RFC 3629, section 4: complete, truncated, and with one byte too many.
    std::vector<std::string> pieces;
    for (std::uint32_t point :
         {0x7fU,   0x80U,   0x7ffU,   0x800U,   0xfffU,   0x1000U,  0xcfffU,   0xd000U,   0xd7ffU,   0xd800U,  0xdfffU,
          0xe000U, 0xffffU, 0x10000U, 0x3ffffU, 0x40000U, 0xfffffU, 0x100000U, 0x10ffffU, 0x110000U, 0x1fffffU}) {
        auto const whole = encoded(point);
        pieces.push_back(whole);
        pieces.push_back(whole.substr(0, whole.size() - 1));
        pieces.push_back(whole + '\x80');
    }
    for (auto const* each : {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
                             "\xf0\x8f\xbf\xbf", "\xf5\x80\x80\x80", "\xff", "\xfe"}) {
        pieces.emplace_back(each);
    }
    std::string wrong;
    for (std::string const unit :
         {"a", "\u00e9", "\u20ac", "\ud55c", "\u0939", "\U0001f600", "a\u00e9\u20ac\U0001f600"}) {
        std::string before;
        while (before.size() < 200) {
            for (auto const& piece : pieces) {
                for (auto const& after : {std::string{}, unit, std::string(130, 'a')}) {
                    auto const text = before + piece + after;
                    if (valid_utf8(text) != decodes(text)) wrong += std::to_string(before.size()) + ' ';
                }
            }
            before += unit;
        }
    }
    CHECK(wrong.empty());
}

TEST_CASE("a sequence truncated by the end of the text is invalid")
{
    for (std::string const whole : {"\u00e9", "\u20ac", "\U0001f600"}) {
        for (std::size_t size = 1; size < whole.size(); ++size) {
            CHECK_FALSE(valid_utf8(whole.substr(0, size)));
            CHECK_FALSE(valid_utf8("12345678" + whole.substr(0, size)));
        }
    }
}

TEST_CASE("text in several scripts with controls and NUL is valid")
{
    CHECK(valid_utf8(std::string_view{"\0\x01\x7f", 3}));
    CHECK(valid_utf8("Привет, мир! Hello, world, eight by eight. 你好 😀"));
    CHECK(valid_utf8(""));
}
