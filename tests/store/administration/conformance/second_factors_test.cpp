// How an administrator sees and lifts a second factor, for each store (promise P11).
#include "store/administration/conformance/administrator_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::errc;

TEST_CASE("a second factor is shown with its unused recovery codes and removed")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const before = admin.db().find_account("alice");
    REQUIRE(before);
    CHECK_FALSE(before->has_second_factor);
    CHECK(before->recovery_codes == 0);

    porter::detail::store::new_second_factor record;
    record.account = admin.alice.id;
    record.sealed_secret = "sealed";
    record.recovery_codes = {digest(1), digest(2), digest(3)};
    record.created_at = at(0);
    admin.open(1);
    auto& factors = *admin.ports.second_factors;
    REQUIRE(admin.run(factors.add(record)));
    REQUIRE(admin.run(factors.use_recovery_code(admin.alice.id, digest(2), 1, at(1))));
    auto const shown = admin.db().find_account("alice");
    CHECK(shown->has_second_factor);
    CHECK(shown->recovery_codes == 2);
    CHECK(admin.db().list_accounts().at(0).has_second_factor);
    CHECK(admin.store->sql("SELECT account, recovery_codes_left FROM second_factor_list") == "alice|2");
    CHECK(admin.db().find_faults().empty());

    CHECK(admin.db().remove_second_factor(admin.alice.id));
    CHECK_FALSE(admin.db().find_account("alice")->has_second_factor);
    CHECK(admin.store->sql("SELECT count(*) FROM recovery_codes") == "0");
    CHECK(admin.is_open(1));
    auto const again = admin.db().remove_second_factor(admin.alice.id);
    REQUIRE_FALSE(again);
    CHECK(again.error() == errc::not_found);
}

TEST_CASE("deleting an account deletes its second factor")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    porter::detail::store::new_second_factor record;
    record.account = admin.alice.id;
    record.sealed_secret = "sealed";
    record.recovery_codes = {digest(1)};
    REQUIRE(admin.run(admin.ports.second_factors->add(record)));
    REQUIRE(admin.db().delete_account(admin.alice.id));
    CHECK(admin.store->sql("SELECT count(*) FROM second_factors") == "0");
    CHECK(admin.store->sql("SELECT count(*) FROM recovery_codes") == "0");
}
