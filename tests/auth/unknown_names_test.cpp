#include "auth/unknown_names.hpp"

#include "auth/throttle_rules.hpp"
#include "support/catch.hpp"

using namespace porter::detail;

namespace {

base::instant at(int seconds)
{
    return base::instant{std::chrono::seconds{1'700'000'000 + seconds}};
}

struct fixture {
    auth::unknown_names names{auth::throttle_rules, 3};

    bool begin(std::string_view name, int seconds = 0) { return names.begin(names.key_of(name), at(seconds)).counted; }
    std::uint32_t failed(std::string_view name) { return names.begin(names.key_of(name), at(0)).before.failures; }
};

}  // namespace

TEST_CASE("a name without an account has a failure counter")
{
    fixture fixture;
    for (int i = 0; i < 4; ++i) CHECK(fixture.begin("no account"));
    CHECK_FALSE(fixture.begin("no account"));
    CHECK(fixture.begin("another name"));
    CHECK(fixture.begin("no account", 1));
    CHECK_FALSE(fixture.begin("no account", 3));
    CHECK(fixture.begin("no account", 4));
}

TEST_CASE("an attempt that is rolled back does not count")
{
    fixture fixture;
    auto const key = fixture.names.key_of("no account");
    for (int i = 0; i < 10; ++i) {
        CHECK(fixture.names.begin(key, at(0)).counted);
        fixture.names.rollback(key, at(0), {});
    }
    for (int i = 0; i < 4; ++i) CHECK(fixture.begin("no account"));
    CHECK(fixture.begin("no account", 1));
    fixture.names.rollback(key, at(1), at(0));
    CHECK(fixture.begin("no account", 1));
}

TEST_CASE("a denied attempt reports whether others are pending")
{
    fixture fixture;
    auto const key = fixture.names.key_of("no account");
    for (int i = 0; i < 4; ++i) CHECK(fixture.names.begin(key, at(0)).counted);
    for (int i = 0; i < 4; ++i) {
        CHECK(fixture.names.begin(key, at(0)).pending);
        fixture.names.fail(key);
    }
    auto const refused = fixture.names.begin(key, at(0));
    CHECK_FALSE(refused.counted);
    CHECK_FALSE(refused.pending);
}

TEST_CASE("beyond the limit the name whose last attempt is oldest is dropped")
{
    fixture fixture;
    fixture.begin("first");
    fixture.begin("second");
    fixture.begin("third");
    fixture.begin("first");
    fixture.begin("fourth");
    CHECK(fixture.failed("first") == 2);
    CHECK(fixture.failed("fourth") == 1);
    CHECK(fixture.failed("second") == 0);
}
