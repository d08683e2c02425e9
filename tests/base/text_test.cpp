#include "base/text.hpp"

#include <utf8proc.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace porter::detail;

namespace {

std::string repeated(std::string_view text, std::size_t times)
{
    std::string all;
    while (times-- > 0) all += text;
    return all;
}

std::string utf8(utf8proc_int32_t character)
{
    std::array<utf8proc_uint8_t, 4> bytes{};
    auto const size = utf8proc_encode_char(character, bytes.data());
    return {bytes.begin(), bytes.begin() + size};
}

std::string violated_rule(std::string_view name)
{
    auto const normalised = base::normalise_name(name);
    return normalised ? "none" : normalised.error();
}

}  // namespace

TEST_CASE("a name may be in any script and is kept in NFC")
{
    CHECK(*base::normalise_name("Алиса") == "Алиса");
    CHECK(*base::normalise_name("田中さん") == "田中さん");
    CHECK(*base::normalise_name("Anna Maria O'Hara-1") == "Anna Maria O'Hara-1");
    CHECK(*base::normalise_name("Zoe\u0308") == "Zo\u00eb");
    CHECK(*base::normalise_name("😀") == "😀");
}

TEST_CASE("a name has 1 to 64 code points after normalisation")
{
    CHECK(violated_rule("") == "a name has at least one character");
    CHECK(base::normalise_name("x"));
    CHECK(base::normalise_name(repeated("я", 64)));
    CHECK(violated_rule(repeated("я", 65)) == "a name has at most 64 characters");
    // 64 characters that were typed as four code points each.
    auto const composed = base::normalise_name(repeated("\u03b1\u0313\u0300\u0345", 64));
    REQUIRE(composed);
    CHECK(*composed == repeated("\u1f82", 64));
    // Normalisation makes this one longer.
    CHECK(base::normalise_name(repeated("\u0958", 32)));
    CHECK(violated_rule(repeated("\u0958", 33)) == "a name has at most 64 characters");
}

TEST_CASE("a name that is far too long is rejected")
{
    CHECK(violated_rule(repeated("\u0301\u0316", 500'000)) == "a name has at most 64 characters");
    CHECK(violated_rule(repeated("\x80", 1'000'000)) == "a name must be valid UTF-8");
}

// Promise N15.
TEST_CASE("a new name has at most 256 code points in its folded form and an older one is still a name")
{
    constexpr auto* rule = "a name has at most 256 characters when its ligatures are written out";
    auto const rule_for_new = [](std::string_view name) {
        auto const normalised = base::normalise_new_name(name);
        return normalised ? "none" : normalised.error();
    };
    // U+FDFA folds to 18 code points.
    CHECK(rule_for_new(repeated("\ufdfa", 14)) == "none");
    CHECK(rule_for_new(repeated("\ufdfa", 14) + "abcd") == "none");
    CHECK(rule_for_new(repeated("\ufdfa", 14) + "abcde") == rule);
    CHECK(rule_for_new(repeated("\ufdfa", 64)) == rule);
    CHECK(base::normalise_name(repeated("\ufdfa", 64)));
    CHECK(rule_for_new("a\tb") == "a name may not contain control characters");
    CHECK(*base::normalise_new_name("Zoe\u0308") == "Zo\u00eb");
}

TEST_CASE("a name contains no control and no invisible characters")
{
    for (auto const* name : {"a\tb", "a\nb", "\x1b[31m", "a\u0085", "\x7f"}) {
        CHECK(violated_rule(name) == "a name may not contain control characters");
    }
    CHECK(violated_rule(std::string_view{"a\0b", 3}) == "a name may not contain control characters");
    // Zero width, bidirectional, soft hyphen, variation selector, Hangul filler, grapheme joiner, byte order mark, tag.
    for (auto const* name : {"a\u200bb", "a\u202eb", "a\u00adb", "a\ufe0f", "\u3164", "a\u034f", "\ufeffa",
                             "a\U000e0041", "a\u200d", "\u115f"}) {
        CHECK(violated_rule(name) == "a name may not contain invisible characters");
    }
}

TEST_CASE("a name contains only characters that Unicode defines")
{
    for (auto const* name : {"\ue000", "\U000f0000", "\u0378", "\uffff", "\U0010ffff"}) {
        CHECK(violated_rule(name) == "a name may only contain characters that Unicode defines");
    }
}

TEST_CASE("a name is valid UTF-8")
{
    for (auto const* name : {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
        CHECK(violated_rule(name) == "a name must be valid UTF-8");
    }
}

TEST_CASE("a name has single plain spaces and only between characters")
{
    CHECK(base::normalise_name("Anna Maria"));
    CHECK(violated_rule(" a") == "a name may not begin or end with a space");
    CHECK(violated_rule("a ") == "a name may not begin or end with a space");
    CHECK(violated_rule(" ") == "a name may not begin or end with a space");
    CHECK(violated_rule("a  b") == "a name may not contain two spaces in a row");
    for (auto const* name : {"a\u00a0b", "a\u2003b", "a\u3000b", "a\u2028b", "a\u2029b", "a\u2000b"}) {
        CHECK(violated_rule(name) == "the only space in a name is the plain one");
    }
}

TEST_CASE("names that differ in case or width are the same name")
{
    CHECK(base::fold_name("Alice") == "alice");
    CHECK(base::fold_name("ＡＬＩＣＥ") == "alice");
    CHECK(base::fold_name("АЛИСА") == base::fold_name("алиса"));
    CHECK(base::fold_name("STRASSE") == base::fold_name("Straße"));
    CHECK(base::fold_name("ΣΊΣΥΦΟΣ") == base::fold_name("σίσυφος"));
    CHECK(base::fold_name("ﬁn") == "fin");
    CHECK(base::names_equal("Zoe\u0308", "ZO\u00cb"));
    // Two spellings of one text. The marks of the first fold differently in their order.
    CHECK(base::names_equal("\u03b1\u0345\u0301", "\u1fb4"));
    CHECK_FALSE(base::names_equal("Alice", "Alicia"));
    // Cyrillic А is not Latin A.
    CHECK_FALSE(base::names_equal("Аnna", "Anna"));
}

TEST_CASE("invalid UTF-8 equals no name")
{
    CHECK(base::fold_name("\xff").empty());
    CHECK_FALSE(base::names_equal("\xff", "\xff"));
}

TEST_CASE("folding a folded name changes nothing")
{
    // The ranges with case or compatibility: the alphabets to Georgian and Cherokee, Greek extended, symbols, full
    // width.
    std::vector<std::pair<utf8proc_int32_t, utf8proc_int32_t>> const ranges{
        {0x20, 0x0600}, {0x10a0, 0x1400}, {0x1c80, 0x2500}, {0xa640, 0xac00}, {0xf900, 0x10000}, {0x10400, 0x10600}};
    std::vector<std::string> changed;
    for (auto const& [first, end] : ranges) {
        for (auto character = first; character < end; ++character) {
            auto const name = base::normalise_name("a" + utf8(character) + "\u0345\u0301");
            if (!name) continue;
            auto const folded = base::fold_name(*name);
            if (folded.empty() || base::fold_name(folded) != folded) changed.push_back(*name);
        }
    }
    CHECK(changed.empty());
}

TEST_CASE("a password is hashed in NFC")
{
    auto const typed = base::normalise_password("Zoe\u0308 pass");
    REQUIRE(typed);
    CHECK(typed->view() == "Zo\u00eb pass");
}

TEST_CASE("a password may contain any character except controls")
{
    for (auto const* password : {"  two  spaces  ", "пароль", "a\u200db\ue000", "\u00a0", "", "\\\"'"}) {
        CHECK(base::normalise_password(password));
    }
    for (auto const* password : {"tab\there", "\x7f", "\u0085", "line\n"}) {
        auto const normalised = base::normalise_password(password);
        REQUIRE_FALSE(normalised);
        CHECK(normalised.error() == "a password may not contain control characters");
    }
    CHECK(base::normalise_password(std::string_view{"\0", 1}).error() ==
          "a password may not contain control characters");
    CHECK(base::normalise_password("\xff").error() == "a password must be valid UTF-8");
}

TEST_CASE("a password has at most 256 code points after normalisation")
{
    CHECK(base::normalise_password(repeated("😀", 256)));
    CHECK(base::normalise_password(repeated("\u03b1\u0313\u0300\u0345", 256)));
    CHECK(base::normalise_password("a" + repeated("\u0301", 255)));
    CHECK(base::normalise_password("a" + repeated("\u0301", 257)).error() == "a password has at most 256 characters");
    CHECK(base::normalise_password(repeated("a", 257)).error() == "a password has at most 256 characters");
    CHECK(base::normalise_password(repeated("\u0301\u0316", 500'000)).error() ==
          "a password has at most 256 characters");
}

TEST_CASE("escaped text cannot control the terminal")
{
    CHECK(base::escape("plain, Ünïcode 😀 and \\ stay") == "plain, Ünïcode 😀 and \\ stay");
    CHECK(base::escape("\x1b[2J") == "\\x1b[2J");
    CHECK(base::escape("a\r\n\tb\x7f") == "a\\r\\n\\tb\\x7f");
    CHECK(base::escape("\u009b31m") == "\\u{9b}31m");
    CHECK(base::escape("\u202egnp.exe\u202c\u2066\u200f\u061c") ==
          "\\u{202e}gnp.exe\\u{202c}\\u{2066}\\u{200f}\\u{61c}");
    CHECK(base::escape("a\u2028b") == "a\\u{2028}b");
    CHECK(base::escape(std::string_view{"\0", 1}) == "\\x00");
}

TEST_CASE("invalid UTF-8 is shown byte by byte")
{
    CHECK(base::escape("a\xff\xc3") == "a\\xff\\xc3");
    CHECK(base::escape("\xed\xa0\x80") == "\\xed\\xa0\\x80");
}

TEST_CASE("only ASCII letters are converted to lower case")
{
    CHECK(base::lower("AZaz[@`{ 09") == "azaz[@`{ 09");
    CHECK(base::lower("ÄЖ\xff") == "ÄЖ\xff");
}

TEST_CASE("wide characters take two columns and marks none")
{
    CHECK(base::display_width("abc") == 3);
    CHECK(base::display_width("田中") == 4);
    CHECK(base::display_width("e\u0301") == 1);
    CHECK(base::display_width("") == 0);
}
