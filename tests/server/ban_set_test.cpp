// Which addresses are banned (promise N17).
#include "server/ban_set.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "porter/testing/manual_clock.hpp"
#include "store/limits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using porter::detail::server::ban_set;
using porter::store::ban;
using porter::testing::manual_clock;

namespace {

/// The network of the ban of this address; "": it is not banned.
std::string banned_by(ban_set const& bans, std::string const& address, manual_clock const& clock = {})
{
    auto const* const found = bans.find(asio::ip::make_address(address), clock);
    return found == nullptr ? "" : found->network.text();
}

ban ban_of(std::string network)
{
    return {std::move(network), {}, false};
}

}  // namespace

TEST_CASE("the addresses of a banned network are banned and no others")
{
    std::vector const stored{ban_of("192.0.2.0/24"), ban_of("198.51.100.7"), ban_of("2001:db8:1::/48")};
    ban_set const bans{stored};
    CHECK(bans.size() == 3);
    CHECK(banned_by(bans, "192.0.2.0") == "192.0.2.0/24");
    CHECK(banned_by(bans, "192.0.2.255") == "192.0.2.0/24");
    CHECK(banned_by(bans, "192.0.3.0").empty());
    CHECK(banned_by(bans, "198.51.100.7") == "198.51.100.7");
    CHECK(banned_by(bans, "198.51.100.8").empty());
    CHECK(banned_by(bans, "2001:db8:1:ffff::1") == "2001:db8:1::/48");
    CHECK(banned_by(bans, "2001:db8:2::1").empty());
    CHECK(banned_by(ban_set{}, "192.0.2.0").empty());
}

TEST_CASE("IPv4 written as IPv6 is banned as IPv4 and a ban of IPv6 bans no IPv4")
{
    std::vector const stored{ban_of("::ffff:192.0.2.0/120"), ban_of("::/0")};
    ban_set const bans{stored};
    CHECK(banned_by(bans, "192.0.2.9") == "192.0.2.0/24");
    CHECK(banned_by(bans, "198.51.100.7").empty());
    CHECK(banned_by(bans, "2001:db8::1") == "::/0");
}

TEST_CASE("of two bans of an address that of the smaller network counts while it is in force")
{
    manual_clock clock;
    std::vector const stored{ban_of("192.0.2.0/24"), ban{"192.0.2.7", clock.now() + 60s, true},
                             ban{"192.0.0.0/16", clock.now() + 90s, true}};
    ban_set const bans{stored};
    CHECK(banned_by(bans, "192.0.2.7", clock) == "192.0.2.7");
    CHECK(bans.find(asio::ip::make_address("192.0.2.7"), clock)->is_silent);
    CHECK(banned_by(bans, "192.0.3.1", clock) == "192.0.0.0/16");
    clock.advance(59s);
    CHECK(banned_by(bans, "192.0.2.7", clock) == "192.0.2.7");
    clock.advance(1s);
    CHECK(banned_by(bans, "192.0.2.7", clock) == "192.0.2.0/24");
    clock.advance(30s);
    CHECK(banned_by(bans, "192.0.3.1", clock).empty());
}

TEST_CASE("of two rows of the same network the one that is in force counts")
{
    manual_clock const clock;
    std::vector const stored{ban{"192.0.2.7/32", clock.now(), false}, ban_of("192.0.2.7")};
    CHECK(banned_by(ban_set{stored}, "192.0.2.7", clock) == "192.0.2.7");
}

TEST_CASE("of two rows of the same network that are in force the one that tells the client counts")
{
    std::vector<ban> stored;
    for (int i = 0; i < 100; ++i) stored.push_back(ban{"192.0.2.7/24", {}, i != 50});
    CHECK_FALSE(ban_set{stored}.find(asio::ip::make_address("192.0.2.7"), manual_clock{})->is_silent);
}

TEST_CASE("bits after the prefix are ignored and what is no network is skipped")
{
    std::vector const stored{ban_of("192.0.2.7/24"), ban_of("example.org"), ban_of("192.0.2.0/24 "), ban_of("10.0.0")};
    ban_set const bans{stored};
    CHECK(bans.size() == 1);
    CHECK(bans.skipped() == 3);
    CHECK(banned_by(bans, "192.0.2.200") == "192.0.2.0/24");
}

TEST_CASE("bans beyond the limit are skipped")
{
    std::vector<ban> stored;
    for (std::size_t i = 0; i <= porter::detail::store::most_bans; ++i) {
        stored.push_back(ban_of(asio::ip::address_v4{static_cast<std::uint32_t>(0x0a000000 + i)}.to_string()));
    }
    ban_set const bans{stored};
    CHECK(bans.size() == porter::detail::store::most_bans);
    CHECK(bans.skipped() == 1);
    CHECK(banned_by(bans, "10.0.0.0") == "10.0.0.0");
    CHECK(banned_by(bans, "10.1.0.0") == "10.1.0.0");
    CHECK(banned_by(bans, "10.1.134.160").empty());  // the last one
}

TEST_CASE("the bans in force are listed up to a limit")
{
    manual_clock clock;
    std::vector const stored{ban_of("192.0.2.0/24"), ban{"192.0.2.7", clock.now() + 60s, true},
                             ban_of("2001:db8::/32")};
    ban_set const bans{stored};
    auto const networks = [&bans](std::size_t limit, porter::timestamp now) {
        std::vector<std::string> found;
        for (auto const& each : bans.list(limit, now)) found.push_back(each.network.text());
        return found;
    };
    using names = std::vector<std::string>;
    CHECK(networks(50, clock.now()) == names{"192.0.2.7", "192.0.2.0/24", "2001:db8::/32"});
    CHECK(networks(2, clock.now()) == names{"192.0.2.7", "192.0.2.0/24"});
    CHECK(networks(50, clock.now() + 60s) == names{"192.0.2.0/24", "2001:db8::/32"});
    CHECK(ban_set{}.list(50, clock.now()).empty());
}
