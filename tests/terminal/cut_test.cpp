#include "terminal/cut.hpp"

#include "base/text.hpp"
#include "support/catch.hpp"

using porter::detail::base::display_width;
using porter::detail::terminal::cut_text;
using porter::detail::terminal::fit_text;

TEST_CASE("a text is cut to columns of the terminal")
{
    CHECK(cut_text("Alice", 5) == "Alice");
    CHECK(cut_text("Alice", 4) == "Ali…");
    CHECK(cut_text("Alice", 1) == "…");
    CHECK(cut_text("Alice", 0).empty());
    CHECK(cut_text("漢字漢字", 8) == "漢字漢字");
    CHECK(cut_text("漢字漢字", 7) == "漢字漢…");
    CHECK(cut_text("漢字漢字", 6) == "漢字…");
    CHECK(cut_text("e\u0301e\u0301e\u0301", 2) == "e\u0301…");
}

TEST_CASE("a fitted text takes exactly the columns")
{
    for (std::size_t columns = 0; columns < 12; ++columns) {
        CHECK(display_width(fit_text("漢字 and more", columns)) == columns);
        CHECK(display_width(fit_text("", columns)) == columns);
    }
}
