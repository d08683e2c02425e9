#include "auth/unknown_names.hpp"

#include "auth/throttle_rules.hpp"
#include "support/catch.hpp"

using namespace porter::rooms;

namespace {

base::instant at(int seconds)
{
    return base::instant{std::chrono::seconds{1'700'000'000 + seconds}};
}

struct fixture {
    auth::unknown_names names{auth::throttle_rules, 3};

    bool begin(std::string_view name, int seconds = 0) { return names.begin(names.key_of(name), at(seconds)).counted; }
    std::uint32_t failed(std::string_view name) { return names.begin(names.key_of(name), at(0)).before.failed; }
};

}  // namespace

TEST_CASE("a name without an account has a ladder")
{
    fixture house;
    for (int i = 0; i < 4; ++i) CHECK(house.begin("nobody"));
    CHECK_FALSE(house.begin("nobody"));
    CHECK(house.begin("somebody else"));
    CHECK(house.begin("nobody", 1));
    CHECK_FALSE(house.begin("nobody", 3));
    CHECK(house.begin("nobody", 4));
}

TEST_CASE("a try that is given back is forgotten")
{
    fixture house;
    auto const key = house.names.key_of("nobody");
    for (int i = 0; i < 10; ++i) {
        CHECK(house.names.begin(key, at(0)).counted);
        house.names.give_back(key, at(0), {});
    }
    for (int i = 0; i < 4; ++i) CHECK(house.begin("nobody"));
    CHECK(house.begin("nobody", 1));
    house.names.give_back(key, at(1), at(0));
    CHECK(house.begin("nobody", 1));
}

TEST_CASE("a try that is refused hears whether others are not decided")
{
    fixture house;
    auto const key = house.names.key_of("nobody");
    for (int i = 0; i < 4; ++i) CHECK(house.names.begin(key, at(0)).counted);
    for (int i = 0; i < 4; ++i) {
        CHECK(house.names.begin(key, at(0)).undecided);
        house.names.fail(key);
    }
    auto const refused = house.names.begin(key, at(0));
    CHECK_FALSE(refused.counted);
    CHECK_FALSE(refused.undecided);
}

TEST_CASE("of too many names the one that was not tried for longest is forgotten")
{
    fixture house;
    house.begin("first");
    house.begin("second");
    house.begin("third");
    house.begin("first");
    house.begin("fourth");
    CHECK(house.failed("first") == 2);
    CHECK(house.failed("fourth") == 1);
    CHECK(house.failed("second") == 0);
}
