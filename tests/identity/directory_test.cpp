#include "identity/directory.hpp"

#include <map>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_log.hpp"
#include "support/run.hpp"

using namespace porter::detail;
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
        if (closed) co_return unexpected(store::errc::unavailable);
        auto const found = entries.find(address);
        if (found == entries.end()) co_return std::optional<std::string>{};
        co_return std::optional{found->second.name};
    }

    task<store::result<void>> record(std::string address, std::string, std::string name,
                                     std::optional<store::account_id> account, base::timestamp at) override
    {
        if (closed) co_return unexpected(store::errc::unavailable);
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
    fixture fixture;
    auto const claim = testing::run(fixture.directory.lookup(fixture.here));
    CHECK_FALSE(claim.known());
    CHECK(claim.address() == fixture.here);
}

TEST_CASE("who introduces himself is known by his address from then on")
{
    fixture fixture;
    auto const introduced = testing::run(fixture.directory.set_name(fixture.here, "Zoe\u0308"));
    REQUIRE(introduced);
    CHECK(introduced->name() == "Zo\u00eb");
    CHECK(testing::run(fixture.directory.lookup(fixture.here)).name() == "Zo\u00eb");
    CHECK(fixture.book.entries.at("192.0.2.7").at == fixture.clock.now());
    CHECK_FALSE(fixture.book.entries.at("192.0.2.7").account);
}

TEST_CASE("an IPv4 address is recalled when it comes mapped into IPv6")
{
    fixture fixture;
    REQUIRE(testing::run(fixture.directory.set_name(fixture.here, "Alice")));
    auto const mapped = *identity::address::parse("::ffff:192.0.2.7");
    CHECK(testing::run(fixture.directory.lookup(mapped)).name() == "Alice");
}

TEST_CASE("an address can be renamed")
{
    fixture fixture;
    REQUIRE(testing::run(fixture.directory.set_name(fixture.here, "Alice")));
    REQUIRE(testing::run(fixture.directory.set_name(fixture.here, "Bob")));
    CHECK(testing::run(fixture.directory.lookup(fixture.here)).name() == "Bob");
}

TEST_CASE("an introduction by an impossible name is refused with the rule and records nothing")
{
    fixture fixture;
    auto const refused = testing::run(fixture.directory.set_name(fixture.here, " Alice"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == code::invalid_name);
    CHECK(refused.error().reason == "a name may not begin or end with a space");
    std::string long_when_folded;
    for (int i = 0; i < 15; ++i) long_when_folded += "\ufdfa";
    CHECK_FALSE(testing::run(fixture.directory.set_name(fixture.here, long_when_folded)));
    CHECK(fixture.book.entries.empty());
}

TEST_CASE("an account that was accessed from an address is remembered with it")
{
    fixture fixture;
    testing::run(fixture.directory.record_login(fixture.here, "Alice", 7));
    CHECK(fixture.book.entries.at("192.0.2.7").name == "Alice");
    CHECK(fixture.book.entries.at("192.0.2.7").account == 7);
}

TEST_CASE("when the store is down nobody is known and that is logged")
{
    fixture fixture;
    REQUIRE(testing::run(fixture.directory.set_name(fixture.here, "Alice")));
    fixture.book.closed = true;
    CHECK_FALSE(testing::run(fixture.directory.lookup(fixture.here)).known());
    CHECK(fixture.log.count("address_lookup_failed") == 1);
}

TEST_CASE("when the store is down an introduction is unavailable and never the visitor's fault")
{
    fixture fixture;
    fixture.book.closed = true;
    auto const refused = testing::run(fixture.directory.set_name(fixture.here, "Alice"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == code::unavailable);
}

TEST_CASE("when the store is down an access that is not remembered is only logged")
{
    fixture fixture;
    fixture.book.closed = true;
    testing::run(fixture.directory.record_login(fixture.here, "Alice", 7));
    CHECK(fixture.log.count("address_not_recorded") == 1);
}
