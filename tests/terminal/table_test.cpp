#include "terminal/table.hpp"

#include "support/catch.hpp"

using porter::detail::terminal::tab_separated;
using porter::detail::terminal::table;

TEST_CASE("columns are as wide as their widest cell and lines end without spaces")
{
    table rows{{"NAME", "STATE"}};
    rows.add({"Alice", "enabled"});
    rows.add({"Bo", ""});
    CHECK(rows.text(table::heading::plain) == "NAME   STATE\nAlice  enabled\nBo\n");
}

TEST_CASE("numbers are aligned to the right")
{
    table rows{{"ID", "NAME"}, {true, false}};
    rows.add({"7", "a"});
    rows.add({"1234", "b"});
    CHECK(rows.text(table::heading::plain) == "  ID  NAME\n   7  a\n1234  b\n");
}

TEST_CASE("columns are aligned by their width on a terminal and not by bytes")
{
    table rows{{"NAME", "X"}};
    rows.add({"Алиса", "1"});
    rows.add({"漢字", "2"});
    rows.add({"e\u0301", "3"});
    CHECK(rows.text(table::heading::plain) == "NAME   X\nАлиса  1\n漢字   2\ne\u0301      3\n");
}

TEST_CASE("the width of a table is that of its columns and gaps")
{
    table rows{{"NAME", "X"}};
    CHECK(rows.width() == 7);
    rows.add({"漢字漢", "22"});
    CHECK(rows.width() == 10);
}

TEST_CASE("only the heading is bold")
{
    table rows{{"A"}};
    rows.add({"b"});
    CHECK(rows.text(table::heading::bold) == "\x1b[1mA\x1b[0m\nb\n");
}

TEST_CASE("control characters in a cell are escaped")
{
    table rows{{"NAME", "X"}};
    rows.add({"a\x1b[2J\n\u202e", "1"});
    CHECK(rows.text(table::heading::plain) == "NAME                X\na\\x1b[2J\\n\\u{202e}  1\n");
}

TEST_CASE("tabs and line feeds in a tab-separated cell are escaped")
{
    CHECK(tab_separated({"a\tb", "c\nd", "", "e\rf"}) == "a\\tb\tc\\nd\t\te\\rf\n");
    CHECK(tab_separated({"", "x"}) == "\tx\n");
}

TEST_CASE("a table that is too wide has its widest cells cut")
{
    table rows{{"NAME", "STATE", "ID"}, {false, false, true}};
    rows.add({std::string(64, 'x'), "enabled", "123456789"});
    rows.add({"漢字漢字漢字漢字漢字", "enabled", "1"});
    rows.add({"e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301", "enabled",
              "2"});
    rows.cut_to(32);
    CHECK(rows.width() == 32);
    CHECK(rows.text(table::heading::plain) ==
          "NAME          STATE           ID\n"
          "xxxxxxxxxxx…  enabled  123456789\n"
          "漢字漢字漢…   enabled          1\n"
          "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301…  enabled          2\n");
}

TEST_CASE("neither a table that fits nor a narrow column is cut")
{
    table rows{{"NAME", "STATE"}};
    rows.add({"Alice", "enabled"});
    rows.cut_to(14);
    CHECK(rows.text(table::heading::plain) == "NAME   STATE\nAlice  enabled\n");
    rows.cut_to(4);
    CHECK(rows.text(table::heading::plain) == "NAME   STATE\nAlice  enabled\n");
}

TEST_CASE("headings take several lines before cells are cut and whole columns are never cut")
{
    table rows{{"NAME", "FAILED TRIES", "LAST ADDRESS"}, {false, true}, {false, false, true}};
    rows.add({std::string(40, 'x'), "7", "2001:db8::1234:5678"});
    rows.cut_to(42);
    CHECK(rows.text(table::heading::plain) ==
          "NAME           FAILED  LAST ADDRESS\n"
          "                TRIES\n"
          "xxxxxxxxxxxx…       7  2001:db8::1234:5678\n");
    rows.cut_to(20);
    CHECK(rows.text(table::heading::bold) ==
          "\x1b[1mNAME          FAILED  LAST ADDRESS\x1b[0m\n"
          "\x1b[1m               TRIES\x1b[0m\n"
          "xxxxxxxxxxx…       7  2001:db8::1234:5678\n");
}
