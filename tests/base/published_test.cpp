#include "base/published.hpp"

#include <string>
#include <thread>
#include <utility>

#include "support/catch.hpp"

using porter::detail::base::published;

TEST_CASE("a published value replaces the one before and that stays readable")
{
    published<std::string> name{"a text that is too long for the string itself, the first"};
    auto const& first = *name;
    name.publish("the second");
    CHECK(*name == "the second");
    CHECK(name->size() == 10);
    CHECK(first == "a text that is too long for the string itself, the first");
}

TEST_CASE("readers on another thread see whole values while they are replaced")
{
    published<std::pair<int, int>> both{{0, 0}};
    std::jthread const reader{[&] {
        for (int last = 0; last < 1000;) {
            auto const& seen = *both;
            if (seen.first != seen.second || seen.first < last) {
                both.publish({-1, -1});  // the check below fails
                return;
            }
            last = seen.first;
        }
    }};
    for (int i = 1; i <= 1000; ++i) both.publish({i, i});
    CHECK(both->first == 1000);
}
