#include "identity/directory.hpp"

#include <map>

#include "porter/testing/manual_clock.hpp"
#include "porter/testing/recording_log.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

using namespace porter::detail;
using namespace porter;

namespace {

/// Addresses in memory that can be made unavailable.
class addresses_in_memory final : public detail::store::addresses {
public:
    struct entry {
        std::string name;
        std::optional<detail::store::account_id> account;
        base::timestamp at;
    };

    task<detail::store::result<std::optional<std::string>>> name_of(std::string address) override
    {
        if (unavailable) co_return unexpected(detail::store::errc::unavailable);
        auto const found = entries.find(address);
        if (found == entries.end()) co_return std::optional<std::string>{};
        co_return std::optional{found->second.name};
    }

    task<detail::store::result<void>> record(std::string address, std::string, std::string name,
                                             std::optional<detail::store::account_id> account,
                                             base::timestamp at) override
    {
        if (unavailable) co_return unexpected(detail::store::errc::unavailable);
        entries.insert_or_assign(address, entry{name, account, at});
        co_return detail::store::result<void>{};
    }

    std::map<std::string, entry> entries;
    bool unavailable = false;
};

struct fixture {
    addresses_in_memory addresses;
    testing::manual_clock clock;
    testing::recording_log log;
    identity::directory directory{addresses, clock, log};
    identity::address client_address = *identity::address::parse("192.0.2.7");
};

}  // namespace

TEST_CASE("an address without a record is not known")
{
    fixture fixture;
    auto const claim = testing::run(fixture.directory.lookup(fixture.client_address));
    CHECK_FALSE(claim.known());
    CHECK(claim.address() == fixture.client_address);
}

TEST_CASE("a name that was set is returned for its address")
{
    fixture fixture;
    auto const claim = testing::run(fixture.directory.set_name(fixture.client_address, "Zoe\u0308"));
    REQUIRE(claim);
    CHECK(claim->name() == "Zo\u00eb");
    CHECK(testing::run(fixture.directory.lookup(fixture.client_address)).name() == "Zo\u00eb");
    CHECK(fixture.addresses.entries.at("192.0.2.7").at == fixture.clock.now());
    CHECK_FALSE(fixture.addresses.entries.at("192.0.2.7").account);
}

TEST_CASE("an IPv4 address mapped into IPv6 has the name of the IPv4 address")
{
    fixture fixture;
    REQUIRE(testing::run(fixture.directory.set_name(fixture.client_address, "Alice")));
    auto const mapped = *identity::address::parse("::ffff:192.0.2.7");
    CHECK(testing::run(fixture.directory.lookup(mapped)).name() == "Alice");
}

TEST_CASE("an address can be renamed")
{
    fixture fixture;
    REQUIRE(testing::run(fixture.directory.set_name(fixture.client_address, "Alice")));
    REQUIRE(testing::run(fixture.directory.set_name(fixture.client_address, "Bob")));
    CHECK(testing::run(fixture.directory.lookup(fixture.client_address)).name() == "Bob");
}

TEST_CASE("an invalid name is denied with the rule and not recorded")
{
    fixture fixture;
    auto const refused = testing::run(fixture.directory.set_name(fixture.client_address, " Alice"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == code::invalid_name);
    CHECK(refused.error().reason == "a name may not begin or end with a space");
    std::string long_when_folded;
    for (int i = 0; i < 15; ++i) long_when_folded += "\ufdfa";
    CHECK_FALSE(testing::run(fixture.directory.set_name(fixture.client_address, long_when_folded)));
    CHECK(fixture.addresses.entries.empty());
}

TEST_CASE("an account that was accessed from an address is recorded with it")
{
    fixture fixture;
    testing::run(fixture.directory.record_login(fixture.client_address, "Alice", 7));
    CHECK(fixture.addresses.entries.at("192.0.2.7").name == "Alice");
    CHECK(fixture.addresses.entries.at("192.0.2.7").account == 7);
}

TEST_CASE("when the store is unavailable no address is known and that is logged")
{
    fixture fixture;
    REQUIRE(testing::run(fixture.directory.set_name(fixture.client_address, "Alice")));
    fixture.addresses.unavailable = true;
    CHECK_FALSE(testing::run(fixture.directory.lookup(fixture.client_address)).known());
    CHECK(fixture.log.count("address_lookup_failed") == 1);
}

TEST_CASE("when the store is unavailable set_name is unavailable and never invalid_name")
{
    fixture fixture;
    fixture.addresses.unavailable = true;
    auto const refused = testing::run(fixture.directory.set_name(fixture.client_address, "Alice"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == code::unavailable);
}

TEST_CASE("when the store is unavailable an access that is not recorded is only logged")
{
    fixture fixture;
    fixture.addresses.unavailable = true;
    testing::run(fixture.directory.record_login(fixture.client_address, "Alice", 7));
    CHECK(fixture.log.count("address_not_recorded") == 1);
}
