#include "terminal/json.hpp"

#include <string>

#include "support/catch.hpp"

using porter::detail::terminal::printable_json;

TEST_CASE("JSON for a terminal escapes DEL and C1 controls and line separators and bidi controls")
{
    CHECK(printable_json("{\"text\":\"a\x7f b\u0080\u009b31m\u2028\u2029\u202e\u2066\u200f\u061c\"}") ==
          R"({"text":"a\u007f b\u0080\u009b31m\u2028\u2029\u202e\u2066\u200f\u061c"})");
}

TEST_CASE("JSON for a terminal keeps letters of all lengths and the white space between members")
{
    std::string const json = "{\n  \"text\": \"aз漢🚪 \\u001b\\\\\"\n}";
    CHECK(printable_json(json) == json);
    CHECK(printable_json("").empty());
}
