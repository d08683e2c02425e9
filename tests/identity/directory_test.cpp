#include "identity/directory.hpp"

#include <map>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_log.hpp"
#include "support/run.hpp"

using namespace porter::rooms;
using namespace porter;

namespace {

/// A book that can be closed.
class small_book final : public store::addresses {
public:
    struct entry {
        std::string name;
        std::optional<store::account_id> account;
        base::timestamp at;
    };

    task<store::result<std::optional<std::string>>> name_of(std::string address) override
    {
        if (closed) co_return refuse(store::errc::unavailable);
        auto const found = entries.find(address);
        if (found == entries.end()) co_return std::optional<std::string>{};
        co_return std::optional{found->second.name};
    }

    task<store::result<void>> record(std::string address, std::string, std::string name,
                                     std::optional<store::account_id> account, base::timestamp at) override
    {
        if (closed) co_return refuse(store::errc::unavailable);
        entries.insert_or_assign(address, entry{name, account, at});
        co_return store::result<void>{};
    }

    std::map<std::string, entry> entries;
    bool closed = false;
};

struct fixture {
    small_book book;
    testing::manual_clock clock;
    testing::recording_log log;
    identity::directory directory{book, clock, log};
    identity::address here = *identity::address::parse("192.0.2.7");
};

}  // namespace

TEST_CASE("an address that was never seen is not known")
{
    fixture house;
    auto const claim = testing::run(house.directory.recall(house.here));
    CHECK_FALSE(claim.known());
    CHECK(claim.address() == house.here);
}

TEST_CASE("who introduces himself is known by his address from then on")
{
    fixture house;
    auto const introduced = testing::run(house.directory.introduce(house.here, "Zoe\u0308"));
    REQUIRE(introduced);
    CHECK(introduced->name() == "Zo\u00eb");
    CHECK(testing::run(house.directory.recall(house.here)).name() == "Zo\u00eb");
    CHECK(house.book.entries.at("192.0.2.7").at == house.clock.now());
    CHECK_FALSE(house.book.entries.at("192.0.2.7").account);
}

TEST_CASE("an IPv4 address is recalled when it comes mapped into IPv6")
{
    fixture house;
    REQUIRE(testing::run(house.directory.introduce(house.here, "Alice")));
    auto const mapped = *identity::address::parse("::ffff:192.0.2.7");
    CHECK(testing::run(house.directory.recall(mapped)).name() == "Alice");
}

TEST_CASE("an address can be renamed")
{
    fixture house;
    REQUIRE(testing::run(house.directory.introduce(house.here, "Alice")));
    REQUIRE(testing::run(house.directory.introduce(house.here, "Bob")));
    CHECK(testing::run(house.directory.recall(house.here)).name() == "Bob");
}

TEST_CASE("an introduction by an impossible name is refused with the rule and records nothing")
{
    fixture house;
    auto const refused = testing::run(house.directory.introduce(house.here, " Alice"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what == code::invalid_name);
    CHECK(refused.error().reason == "a name may not begin or end with a space");
    std::string long_when_folded;
    for (int i = 0; i < 15; ++i) long_when_folded += "\ufdfa";
    CHECK_FALSE(testing::run(house.directory.introduce(house.here, long_when_folded)));
    CHECK(house.book.entries.empty());
}

TEST_CASE("an account that was accessed from an address is remembered with it")
{
    fixture house;
    testing::run(house.directory.remember(house.here, "Alice", 7));
    CHECK(house.book.entries.at("192.0.2.7").name == "Alice");
    CHECK(house.book.entries.at("192.0.2.7").account == 7);
}

TEST_CASE("when the store is down nobody is known and that is logged")
{
    fixture house;
    REQUIRE(testing::run(house.directory.introduce(house.here, "Alice")));
    house.book.closed = true;
    CHECK_FALSE(testing::run(house.directory.recall(house.here)).known());
    CHECK(house.log.count("address_lookup_failed") == 1);
}

TEST_CASE("when the store is down an introduction is unavailable and never the visitor's fault")
{
    fixture house;
    house.book.closed = true;
    auto const refused = testing::run(house.directory.introduce(house.here, "Alice"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what == code::unavailable);
}

TEST_CASE("when the store is down an access that is not remembered is only logged")
{
    fixture house;
    house.book.closed = true;
    testing::run(house.directory.remember(house.here, "Alice", 7));
    CHECK(house.log.count("address_not_recorded") == 1);
}
