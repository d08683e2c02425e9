#include "terminal/sentence.hpp"

#include "support/catch.hpp"

using porter::detail::terminal::sentence;

TEST_CASE("a reason becomes a sentence")
{
    CHECK(sentence("a password has at least 8 characters") == "A password has at least 8 characters.");
    CHECK(sentence("Wait!") == "Wait!");
    CHECK(sentence("\"x\" is no name") == "\"x\" is no name.");
    CHECK(sentence("").empty());
}

TEST_CASE("a sentence contains no control characters")
{
    CHECK(sentence("\x1b[2J") == "\\x1b[2J.");
}
