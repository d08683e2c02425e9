#include "store/unknown_names.hpp"

#include "store/support/samples.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using porter::detail::store::attempt_id;
using porter::detail::store::failure_counter;
using porter::detail::store::unknown_names;

namespace {

/// With few_attempts two failures are free; the next pauses last 1 and 3 seconds.
struct fixture {
    unknown_names names{3};

    unknown_names::begin_result begin(int name, attempt_id id, int seconds = 0)
    {
        return names.begin(name_digest(name), id, few_attempts, at(seconds));
    }
    bool is_counted(int name, int seconds = 0) { return begin(name, new_attempt_id(), seconds).is_counted; }
    std::uint32_t failed(int name) { return begin(name, new_attempt_id()).before.failures; }
};

}  // namespace

TEST_CASE("a name without an account has a failure counter in memory")
{
    fixture fixture;
    for (int i = 0; i < 2; ++i) CHECK(fixture.is_counted(1));
    CHECK_FALSE(fixture.is_counted(1));
    CHECK(fixture.is_counted(2));
    CHECK(fixture.is_counted(1, 1));
    CHECK_FALSE(fixture.is_counted(1, 3));
    CHECK(fixture.is_counted(1, 4));
}

TEST_CASE("an attempt in memory that is rolled back does not count")
{
    fixture fixture;
    for (int i = 0; i < 10; ++i) {
        auto const id = new_attempt_id();
        CHECK(fixture.begin(1, id).is_counted);
        fixture.names.rollback(name_digest(1), id);
    }
    for (int i = 0; i < 2; ++i) CHECK(fixture.is_counted(1));
    auto const later = new_attempt_id();
    CHECK(fixture.begin(1, later, 1).is_counted);
    fixture.names.rollback(name_digest(1), later);
    fixture.names.rollback(name_digest(1), later);
    CHECK(fixture.failed(1) == 2);
    CHECK(fixture.is_counted(1, 1));
}

TEST_CASE("a denied attempt in memory reports whether others are pending")
{
    fixture fixture;
    std::vector const ids{new_attempt_id(), new_attempt_id()};
    for (auto const id : ids) CHECK(fixture.begin(1, id).is_counted);
    for (auto const id : ids) {
        CHECK(fixture.begin(1, new_attempt_id()).is_pending);
        fixture.names.fail(name_digest(1), id);
    }
    auto const denied = fixture.begin(1, new_attempt_id());
    CHECK_FALSE(denied.is_counted);
    CHECK_FALSE(denied.is_pending);
}

TEST_CASE("a pending attempt in memory is counted once")
{
    fixture fixture;
    CHECK(fixture.is_counted(1));
    auto const id = new_attempt_id();
    CHECK(fixture.begin(1, id, 5).is_counted);
    for (int i = 0; i < 5; ++i) {
        auto const again = fixture.begin(1, id, 5);
        CHECK_FALSE(again.is_counted);
        CHECK(again.before.failures == 1);
        CHECK(again.before.last_failed_at == at(0));
    }
    CHECK(fixture.failed(1) == 2);
}

TEST_CASE("beyond the limit the name whose last attempt is oldest is dropped")
{
    fixture fixture;
    auto const first_of_two = new_attempt_id();
    fixture.begin(1, new_attempt_id());
    fixture.begin(2, first_of_two);
    fixture.begin(3, new_attempt_id());
    fixture.begin(1, new_attempt_id());
    fixture.begin(4, new_attempt_id());
    CHECK(fixture.failed(1) == 2);
    CHECK(fixture.failed(4) == 1);
    CHECK(fixture.failed(2) == 0);
    fixture.names.rollback(name_digest(2), first_of_two);  // of the entry that was dropped
    CHECK(fixture.failed(2) == 1);
}
