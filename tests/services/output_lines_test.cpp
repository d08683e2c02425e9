#include "services/output_lines.hpp"

#include <vector>

#include "base/utf8.hpp"
#include "support/catch.hpp"

using namespace porter::detail::services;

namespace {

std::vector<std::string> texts_of(output_lines& lines)
{
    std::vector<std::string> texts;
    while (auto text = lines.next()) texts.push_back(std::move(*text));
    return texts;
}

/// The texts of a whole output, which comes in pieces of this size.
std::vector<std::string> cut(std::string const& output, std::size_t limit, std::size_t piece)
{
    output_lines lines{limit};
    std::vector<std::string> texts;
    for (std::size_t begin = 0; begin < output.size(); begin += piece) {
        lines.append(std::string_view{output}.substr(begin, piece));
        for (auto& text : texts_of(lines)) texts.push_back(std::move(text));
    }
    lines.finish();
    for (auto& text : texts_of(lines)) texts.push_back(std::move(text));
    return texts;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("each line is a text and the last one needs no line feed")
{
    for (std::size_t const piece : {1U, 2U, 3U, 100U}) {
        CHECK(cut("one\n\ntwo\r\nthree", 100, piece) == texts{"one", "", "two\r", "three"});
        CHECK(cut("one\n", 100, piece) == texts{"one"});
        CHECK(cut("\n\n", 100, piece) == texts{"", ""});
        CHECK(cut("", 100, piece).empty());
    }
}

TEST_CASE("a line is not a text before it ends")
{
    output_lines lines{100};
    lines.append("on");
    CHECK(texts_of(lines).empty());
    lines.append("e\nt");
    CHECK(texts_of(lines) == texts{"one"});
    lines.finish();
    CHECK(texts_of(lines) == texts{"t"});
    CHECK(texts_of(lines).empty());
}

TEST_CASE("a line that is longer than the limit is cut")
{
    for (std::size_t const piece : {1U, 5U, 100U}) {
        CHECK(cut("12345678\n", 8, piece) == texts{"12345678"});
        CHECK(cut("123456789\n", 8, piece) == texts{"12345678", "9"});
        CHECK(cut("1234567812345678\nx", 8, piece) == texts{"12345678", "12345678", "x"});
        CHECK(cut("123456781", 8, piece) == texts{"12345678", "1"});
    }
}

TEST_CASE("no character is cut")
{
    for (std::size_t const piece : {1U, 3U, 100U}) {
        CHECK(cut("1234567ж9\n", 8, piece) == texts{"1234567", "ж9"});
        CHECK(cut("123456ж9\n", 8, piece) == texts{"123456ж", "9"});
        CHECK(cut("12345😀6789\n", 8, piece) == texts{"12345", "😀6789"});
    }
}

TEST_CASE("what is not UTF-8 is replaced and fits into the limit")
{
    CHECK(replace_invalid_utf8("ж€😀") == "ж€😀");
    CHECK(replace_invalid_utf8("a\xff"
                               "b\xfe") == "a\uFFFDb\uFFFD");
    CHECK(replace_invalid_utf8("\xe2\x82") == "\uFFFD");  // a truncated character is one
    CHECK(replace_invalid_utf8("\xf0\x9f\x98x") == "\uFFFDx");
    CHECK(replace_invalid_utf8("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
    CHECK(replace_invalid_utf8("\xc0\xaf") == "\uFFFD\uFFFD");            // an overlong form
    CHECK(replace_invalid_utf8("\xf4\x90\x80\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD");
    auto const replaced = cut(std::string(8, '\x80') + "\n", 8, 100);
    CHECK(replaced == texts{"\uFFFD\uFFFD", "\uFFFD\uFFFD", "\uFFFD\uFFFD", "\uFFFD\uFFFD"});
}

TEST_CASE("any output becomes valid texts within the limit")
{
    std::string output;
    unsigned state = 1;
    for (int i = 0; i < 2'000; ++i) {
        state = state * 1103515245 + 12345;
        auto const byte = static_cast<char>(state >> 16U);
        output += i % 3 == 0 ? byte : "\xf0\x9f\x98\x80\xe2\x82\xac\n"[(state >> 24U) % 8];
    }
    for (std::size_t const limit : {4U, 7U, 64U}) {
        auto const whole = cut(output, limit, output.size());
        CHECK(cut(output, limit, 1) == whole);
        for (auto const& text : whole) {
            if (!porter::detail::base::valid_utf8(text) || text.size() > limit) FAIL("a text is wrong");
        }
    }
}
