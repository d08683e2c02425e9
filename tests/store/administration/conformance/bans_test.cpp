// Bans, as an administrator adds and lifts them, for each store (promise N17).
#include <chrono>

#include "store/administration/conformance/administrator_fixture.hpp"
#include "store/limits.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::detail::store::new_ban;
using outcome = porter::detail::store::added_ban::outcome;

namespace {

/// The networks of the listed bans.
std::string listed(administrator_fixture& admin)
{
    std::string networks;
    for (auto const& each : admin.db().list_bans()) networks += each.network + ' ';
    return networks;
}

}  // namespace

TEST_CASE("a ban is added with its end and reason and replaced by another of the same network")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    CHECK(admin.db().list_bans().empty());
    auto const added = admin.db().add_ban({"192.0.2.0/24", 1h, false, "guessing"});
    CHECK(added.result == outcome::added);
    REQUIRE(added.expires_at);
    auto const bans = admin.db().list_bans();
    REQUIRE(bans.size() == 1);
    CHECK(bans[0].network == "192.0.2.0/24");
    CHECK(bans[0].expires_at == added.expires_at);
    CHECK(bans[0].expires_at == bans[0].created_at + 1h);
    CHECK_FALSE(bans[0].is_silent);
    CHECK(bans[0].reason == "guessing");

    auto const replaced = admin.db().add_ban({"192.0.2.0/24", {}, true, {}});
    CHECK(replaced.result == outcome::replaced);
    CHECK_FALSE(replaced.expires_at);
    auto const now = admin.db().list_bans();
    REQUIRE(now.size() == 1);
    CHECK_FALSE(now[0].expires_at);
    CHECK(now[0].is_silent);
    CHECK(now[0].reason.empty());
}

TEST_CASE("a ban that was lifted or has expired is not found")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    CHECK_FALSE(admin.db().remove_ban("192.0.2.7", {}));
    admin.db().add_ban({"192.0.2.7"});
    admin.db().add_ban({"192.0.2.8"});
    CHECK(admin.db().remove_ban("192.0.2.7", {}));
    CHECK_FALSE(admin.db().remove_ban("192.0.2.7", {}));
    CHECK(listed(admin) == "192.0.2.8 ");
    admin.store->sql("UPDATE bans SET expires_at = 1000");
    CHECK(listed(admin).empty());
    CHECK_FALSE(admin.db().remove_ban("192.0.2.8", {}));
}

TEST_CASE("a ban is lifted by its reason and one with another reason stays")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.db().add_ban({"192.0.2.7", 1h, false, "a program"});
    admin.db().add_ban({"192.0.2.8", 1h, false, "a program"});
    admin.db().add_ban({"192.0.2.8", {}, false, "an administrator"});
    admin.db().add_ban({"192.0.2.9"});
    CHECK(admin.db().remove_ban("192.0.2.7", "a program"));
    CHECK_FALSE(admin.db().remove_ban("192.0.2.8", "a program"));
    CHECK_FALSE(admin.db().remove_ban("192.0.2.8", ""));
    CHECK(admin.db().remove_ban("192.0.2.9", ""));
    CHECK(listed(admin) == "192.0.2.8 ");
    CHECK(admin.db().remove_ban("192.0.2.8", {}));
}

TEST_CASE("an expired ban is deleted by the next change and does not count as replaced")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.db().add_ban({"192.0.2.7"});
    admin.db().add_ban({"192.0.2.8"});
    admin.store->sql("UPDATE bans SET expires_at = 1000");
    CHECK(admin.db().add_ban({"192.0.2.7"}).result == outcome::added);
    CHECK(admin.store->sql("SELECT network FROM bans") == "192.0.2.7");
}

TEST_CASE("no ban is added beyond the limit and one that is there can be replaced")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.store->stop_audit_of_bans();
    admin.store->sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                     std::to_string(porter::detail::store::most_bans) +
                     ") INSERT INTO bans (network) SELECT '10.' || (i / 65536) || '.' || (i / 256 % 256) || '.' ||"
                     " (i % 256)"
                     " FROM n");
    CHECK(admin.db().add_ban({"192.0.2.7"}).result == outcome::full);
    CHECK(admin.db().add_ban({"10.0.0.1"}).result == outcome::replaced);
    CHECK(admin.db().remove_ban("10.0.0.2", {}));
    CHECK(admin.db().add_ban({"192.0.2.7"}).result == outcome::added);
    CHECK(admin.store->sql("SELECT count(*) FROM bans") == std::to_string(porter::detail::store::most_bans));
}
