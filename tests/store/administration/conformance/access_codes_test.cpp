// Invitations and resets, as an administrator makes them, for each store (promise P10).
#include <chrono>

#include "store/administration/conformance/administrator_fixture.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::detail::store::errc;
using porter::detail::store::new_invitation;

namespace {

new_invitation invitation_of(int code, std::uint32_t uses = 1, std::string const& name = {})
{
    return {digest(code), name, name, uses, 1h};
}

bool is_valid(administrator_fixture& admin, int code, porter::detail::base::timestamp now)
{
    auto const found = admin.run(admin.ports.codes->find(digest(code), now));
    REQUIRE(found);
    return found->has_value();
}

}  // namespace

TEST_CASE("an invitation is added with its end and listed until it is spent")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    CHECK(admin.db().list_invitations().empty());
    auto const added = admin.db().add_invitation(invitation_of(100, 2));
    REQUIRE(added);
    CHECK(added->expires_at == added->created_at + 1h);
    CHECK(added->uses == 2);
    CHECK(added->used == 0);
    CHECK(added->name.empty());
    auto const bound = admin.db().add_invitation(invitation_of(101, 1, "bob"));
    REQUIRE(bound);
    CHECK(bound->id > added->id);
    auto const listed = admin.db().list_invitations();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].id == added->id);
    CHECK(listed[1].name == "bob");

    auto first = session_of({}, 1);
    first.created_at = added->created_at;
    first.expires_at = added->expires_at;
    CHECK(admin.run(admin.ports.codes->register_invited(digest(100), account_of("carol"), first)));
    CHECK(admin.db().list_invitations()[0].used == 1);
    first.digest = digest(2);
    CHECK(admin.run(admin.ports.codes->register_invited(digest(100), account_of("dave"), first)));
    CHECK(admin.db().list_invitations().size() == 1);
}

TEST_CASE("an invitation that is removed or has expired is not found and its code is invalid")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const first = admin.db().add_invitation(invitation_of(100));
    auto const second = admin.db().add_invitation(invitation_of(101));
    REQUIRE(first);
    REQUIRE(second);
    CHECK(is_valid(admin, 100, first->created_at));
    CHECK(admin.db().remove_invitation(first->id));
    CHECK_FALSE(is_valid(admin, 100, first->created_at));
    auto const again = admin.db().remove_invitation(first->id);
    REQUIRE_FALSE(again);
    CHECK(again.error() == errc::not_found);
    admin.store->sql("UPDATE invitations SET expires_at = 1000");
    CHECK(admin.db().list_invitations().empty());
    CHECK_FALSE(admin.db().remove_invitation(second->id));
    CHECK(admin.store->sql("SELECT count(*) FROM invitations") == "0");
}

TEST_CASE("a reset replaces the one before and is of an account that exists")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const first = admin.db().add_reset(admin.alice.id, digest(100), 1h);
    REQUIRE(first);
    CHECK(is_valid(admin, 100, *first - 1s));
    CHECK_FALSE(is_valid(admin, 100, *first));
    auto const second = admin.db().add_reset(admin.alice.id, digest(101), 2h);
    REQUIRE(second);
    CHECK(*second >= *first + 1h);
    CHECK_FALSE(is_valid(admin, 100, *first - 1s));
    CHECK(is_valid(admin, 101, *first));
    auto const unknown = admin.db().add_reset(admin.alice.id + 100, digest(102), 1h);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error() == errc::not_found);
    CHECK(admin.db().set_password(admin.alice.id, "another hash"));
    CHECK_FALSE(is_valid(admin, 101, *first));
    CHECK(admin.store->sql("SELECT count(*) FROM password_resets") == "0");
}

TEST_CASE("the lists for people have no digest")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    REQUIRE(admin.db().add_invitation(invitation_of(100, 1, "bob")));
    REQUIRE(admin.db().add_reset(admin.alice.id, digest(101), 1h));
    CHECK(admin.store->sql("SELECT name, state, used, uses FROM invitation_list") == "bob|valid|0|1");
    CHECK(admin.store->sql("SELECT account, state FROM password_reset_list") == "alice|valid");
    CHECK(admin.db().find_faults().empty());
}
