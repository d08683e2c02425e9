#include "store/postgres/reconnect_pause.hpp"

#include "support/catch.hpp"

using porter::detail::store::postgres::reconnect_pause;
using std::chrono::milliseconds;

TEST_CASE("the pauses between attempts to connect double up to the longest and begin again")
{
    reconnect_pause pause{milliseconds{50}, milliseconds{1'000}};
    for (auto const span : {50, 100, 200, 400, 800, 1'000, 1'000}) {
        auto const next = pause.next();
        CHECK(next >= milliseconds{span / 2});
        CHECK(next <= milliseconds{span});
    }
    pause.reset();
    CHECK(pause.next() <= milliseconds{50});
}
