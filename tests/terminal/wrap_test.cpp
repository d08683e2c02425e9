#include "terminal/wrap.hpp"

#include "support/catch.hpp"

using porter::detail::terminal::wrap_at_blanks;

TEST_CASE("a line that fits is unchanged")
{
    CHECK(wrap_at_blanks("", 5).empty());
    CHECK(wrap_at_blanks("a  b ", 5) == "a  b ");
    CHECK(wrap_at_blanks("one\n two", 5) == "one\n two");
}

TEST_CASE("a line that is too wide is broken at blanks")
{
    CHECK(wrap_at_blanks("one two three", 7) == "one two\nthree");
    CHECK(wrap_at_blanks("one two three", 6) == "one\ntwo\nthree");
    CHECK(wrap_at_blanks("fits\none two", 5) == "fits\none\ntwo");
}

TEST_CASE("a word that is wider than the terminal stays whole in its own row")
{
    CHECK(wrap_at_blanks("key SHA256:abc kept", 6) == "key\nSHA256:abc\nkept");
    CHECK(wrap_at_blanks("SHA256:abc", 6) == "SHA256:abc");
}

TEST_CASE("columns of the terminal are counted and not bytes")
{
    CHECK(wrap_at_blanks("\u00e9\u00e9 \u00e9\u00e9", 5) == "\u00e9\u00e9 \u00e9\u00e9");
    CHECK(wrap_at_blanks("\u540d\u524d \u540d\u524d", 8) == "\u540d\u524d\n\u540d\u524d");
}

TEST_CASE("the next row begins below the second column of a list")
{
    CHECK(wrap_at_blanks("  /quit  leave it all here", 20) == "  /quit  leave it\n         all here");
    CHECK(wrap_at_blanks("  one two three", 10) == "  one two\n  three");
}
