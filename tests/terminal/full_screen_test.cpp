// What a full screen reads and draws, without a terminal; tests/programs/porterctl_top_test.py has one.
#include "terminal/full_screen.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace porter::detail::terminal;

TEST_CASE("keys are recognised in what a terminal sends")
{
    std::vector<key_kind> kinds;
    for (auto const& key : keys_of("\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1bOF\x1b[3~\r\n\x7f\b\x1b")) {
        kinds.push_back(key.kind);
    }
    CHECK(kinds == std::vector<key_kind>{key_kind::up, key_kind::down, key_kind::page_up, key_kind::page_down,
                                         key_kind::home, key_kind::end, key_kind::remove, key_kind::accept,
                                         key_kind::accept, key_kind::backspace, key_kind::backspace, key_kind::escape});
}

TEST_CASE("a key that was typed at once after Escape is a key of its own")
{
    auto const keys = keys_of("\x1b?\x1b\x1b");
    REQUIRE(keys.size() == 4);
    CHECK(keys[0].kind == key_kind::escape);
    CHECK(keys[1].text == "?");
    CHECK(keys[2].kind == key_kind::escape);
    CHECK(keys[3].kind == key_kind::escape);
}

TEST_CASE("characters are read whole and other controls and sequences are left out")
{
    std::string text;
    for (auto const& key : keys_of("a\x01я漢\x1b[1;5Cj\x1b[200~\xf0\x9f\x98\x80")) {
        CHECK(key.kind == key_kind::character);
        text += '(' + key.text + ')';
    }
    CHECK(text == "(a)(я)(漢)(j)(\xf0\x9f\x98\x80)");
}

TEST_CASE("bytes that are no text are read to their end")
{
    CHECK(keys_of("\xff").size() == 1);
    CHECK(keys_of("\xe6\xbc").size() == 1);
    CHECK(keys_of("\x1b[").empty());
    CHECK(keys_of("\x1b[1;").empty());
    CHECK(keys_of("").empty());
}

TEST_CASE("a drawing has each line once within the size of the screen")
{
    std::vector<screen_line> const lines{{"one"}, {"a longer line", line_style::bold}, {"漢字漢字"}, {"too much"}};
    CHECK(drawing_of(lines, 3, 6, false) == "\x1b[H\x1b[2Kone\r\n\x1b[2Ka lon…\r\n\x1b[2K漢字…");
    CHECK(drawing_of({{"one"}}, 3, 6, false) == "\x1b[H\x1b[2Kone\r\n\x1b[J");
}

TEST_CASE("styles are drawn only where they are allowed")
{
    std::vector<screen_line> const lines{{"one", line_style::selected}};
    CHECK(drawing_of(lines, 1, 5, true) == "\x1b[H\x1b[2K\x1b[7mone  \x1b[0m");
    CHECK(drawing_of(lines, 1, 5, false) == "\x1b[H\x1b[2Kone  ");
}
