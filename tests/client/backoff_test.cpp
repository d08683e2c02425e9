#include "porter/backoff.hpp"

#include "support/catch.hpp"

using porter::backoff;
using namespace std::chrono_literals;

TEST_CASE("pauses double up to the longest")
{
    backoff pauses{[] { return 0.0; }};
    CHECK(pauses.next() == 500ms);
    CHECK(pauses.next() == 1s);
    CHECK(pauses.next() == 2s);
    for (int i = 0; i < 10; ++i) (void)pauses.next();
    CHECK(pauses.next() == backoff::longest / 2);
}

TEST_CASE("a pause is random in the upper half of its span")
{
    backoff low{[] { return 0.0; }};
    backoff high{[] { return 0.999; }};
    CHECK(low.next() == 500ms);
    CHECK(high.next() == 999ms);
}

TEST_CASE("a pause is at least the server's retry_after")
{
    backoff pauses{[] { return 0.0; }};
    CHECK(pauses.next(30s) == 30s);
    CHECK(pauses.next(1s) == 1s);
    CHECK(pauses.next(1s) == 2s);
}

TEST_CASE("after a reset the pauses are short again")
{
    backoff pauses{[] { return 0.0; }};
    for (int i = 0; i < 5; ++i) (void)pauses.next();
    pauses.reset();
    CHECK(pauses.next() == 500ms);
}

TEST_CASE("the first pause is random between 0.5 s and 1 s")
{
    for (int i = 0; i < 1000; ++i) {
        auto const pause = backoff{}.next();
        CHECK((pause >= 500ms && pause < 1s));
    }
}

TEST_CASE("the longest pause is between 15 s and 30 s")
{
    backoff pauses;
    for (int i = 0; i < 10; ++i) (void)pauses.next();
    auto const pause = pauses.next();
    CHECK((pause >= 15s && pause < 30s));
}
