// The operations of porterctl on accounts, for each store.
#include "store/administration/conformance/administrator_fixture.hpp"
#include "store/support/ended_sessions.hpp"

using namespace porter::testing;
using porter::detail::store::errc;

namespace {

std::string name_at(administrator_fixture& admin, std::string const& address)
{
    auto const name = admin.run(admin.ports.addresses.name_of(address));
    REQUIRE(name);
    return name->value_or("(unknown)");
}

}  // namespace

TEST_CASE("an account is added once")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const added = admin.db().add_account("Боб", "боб", "hash", at(5));
    REQUIRE(added);
    auto const found = admin.db().find_account("боб");
    REQUIRE(found);
    CHECK(found->id == *added);
    CHECK(found->name == "Боб");
    CHECK(found->folded_name == "боб");
    CHECK(found->created_at == at(5));
    CHECK_FALSE(found->disabled_at);
    CHECK_FALSE(found->last_login_at);
    CHECK(found->last_address.empty());
    CHECK(found->failed_since == 0);
    auto const again = admin.db().add_account("БОБ", "боб", "hash", at(6));
    REQUIRE_FALSE(again);
    CHECK(again.error() == errc::name_taken);
    CHECK(admin.db().list_accounts().size() == 2);
}

TEST_CASE("accounts are listed by folded name and their hashes by id")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const bob = admin.db().add_account("Bob", "bob", "hash of bob", at(0));
    auto const aaron = admin.db().add_account("Aaron", "aaron", "hash of aaron", at(0));
    REQUIRE((bob && aaron));
    std::string names;
    for (auto const& each : admin.db().list_accounts()) names += each.name + ' ';
    CHECK(names == "Aaron alice Bob ");
    std::string hashes;
    admin.db().for_each_password_hash([&](auto id, std::string const& name, std::string const& hash) {
        if (id != admin.alice.id) hashes += name + ": " + hash + ' ';
    });
    CHECK(hashes == "Bob: hash of bob Aaron: hash of aaron ");
    CHECK(admin.db().password_hash_of(*bob) == "hash of bob");
    CHECK(admin.db().password_hash_of(*aaron + 100).empty());
}

TEST_CASE("accounts are imported except those that exist")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    std::vector<porter::detail::store::imported_account> accounts;
    for (int i = 0; i < 2'500; ++i) {
        auto const name = "n" + std::to_string(i);
        accounts.push_back({name, name, "hash of " + name, std::nullopt});
    }
    accounts[1].disabled_at = at(3);
    accounts[2] = {"ALICE", "alice", "hash of another", std::nullopt};
    CHECK(admin.db().import_accounts(accounts, at(7)) == 2'499);
    CHECK(admin.db().list_accounts().size() == 2'500);
    auto const found = admin.db().find_account("n0");
    REQUIRE(found);
    CHECK(found->created_at == at(7));
    CHECK_FALSE(found->disabled_at);
    CHECK(admin.db().password_hash_of(found->id) == "hash of n0");
    CHECK(admin.db().find_account("n1")->disabled_at == at(3));
    CHECK(admin.db().find_account("alice")->name == "alice");
    CHECK(admin.db().password_hash_of(admin.alice.id) == admin.alice.password_hash);
    CHECK(admin.db().import_accounts(accounts, at(8)) == 0);
    CHECK(admin.db().import_accounts({}, at(8)) == 0);
}

TEST_CASE("an import that the store rejects adds no account")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    std::vector<porter::detail::store::imported_account> const accounts{{"Bob", "bob", "hash", std::nullopt},
                                                                        {"Eve", "EVE", "hash", std::nullopt},
                                                                        {"Ida", "ida", "hash", std::nullopt}};
    CHECK_THROWS_AS(admin.db().import_accounts(accounts, at(7)), porter::detail::store::administration_error);
    CHECK(admin.db().list_accounts().size() == 1);
}

TEST_CASE("the list has what porterd records of an account")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.open(1);
    admin.open(2, 5);
    auto const failed =
        admin.run(admin.ports.attempts.begin(attempt_at(admin.alice.id, "198.51.100.1", 9), few_attempts));
    REQUIRE((failed && failed->decision.allows()));
    REQUIRE(admin.run(admin.ports.attempts.fail(failed->counted)));
    auto const row = admin.db().find_account("alice");
    REQUIRE(row);
    CHECK(row->last_login_at == at(5));
    CHECK(row->last_address == "192.0.2.1");
    CHECK(row->failed_since == 1);
    CHECK(row->failed_from_unknown == 1);
    CHECK(row->last_failed_at == at(9));
    CHECK(row->sessions == 2);
    CHECK(row->addresses == 1);
}

TEST_CASE("an account can be renamed to another spelling of its name")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const id = admin.db().add_account("Алиса", "алиса", "hash", at(0));
    REQUIRE(id);
    CHECK(admin.db().rename_account(*id, "АЛИСА", "алиса"));
    CHECK(admin.db().rename_account(*id, "АЛИСА", "алиса"));
    CHECK(admin.db().find_account("алиса")->name == "АЛИСА");
    CHECK(admin.db().rename_account(admin.alice.id, "ALICE", "alice"));
    CHECK(admin.db().find_account("alice")->name == "ALICE");
}

TEST_CASE("a renamed account keeps its sessions and its addresses get the new name")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const opened = admin.open(1);
    REQUIRE(admin.run(admin.ports.addresses.record("192.0.2.1", "192.0.2.1", "alice", admin.alice.id, at(0))));
    REQUIRE(admin.db().rename_account(admin.alice.id, "Боб", "боб"));
    CHECK(admin.store->sql("SELECT id FROM sessions") == std::to_string(opened));
    CHECK(name_at(admin, "192.0.2.1") == "Боб");
    CHECK_FALSE(admin.db().find_account("alice"));
}

TEST_CASE("an account is not renamed to a name that is taken")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    REQUIRE(admin.db().add_account("Bob", "bob", "hash", at(0)));
    auto const renamed = admin.db().rename_account(admin.alice.id, "BOB", "bob");
    REQUIRE_FALSE(renamed);
    CHECK(renamed.error() == errc::name_taken);
    CHECK(admin.db().find_account("alice")->name == "alice");
}

TEST_CASE("a store that is open reports the sessions that an administrator ends and their causes")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    ended_sessions notified;
    admin.ports.sessions.watch({notified.watcher()});
    auto const first = admin.open(1);
    auto const ended = admin.db().end_session(first);
    REQUIRE(ended);
    CHECK(*ended == "alice");
    CHECK(notified.wait_for(first));
    CHECK(notified.description_of(first) == "alice revoked_by_administrator");
    auto const second = admin.open(2);
    CHECK(*admin.db().set_password(admin.alice.id, "another hash") == 1);
    CHECK(notified.wait_for(second));
    CHECK(notified.description_of(second) == "alice password_changed");
    admin.alice.credential_version = 2;
    auto const third = admin.open(3);
    CHECK(*admin.db().disable_account(admin.alice.id, at(1)) == 1);
    CHECK(notified.wait_for(third));
    CHECK(notified.description_of(third) == "alice account_disabled");
    CHECK(admin.db().enable_account(admin.alice.id));
    auto const fourth = admin.open(4);
    CHECK(admin.db().delete_account(admin.alice.id));
    CHECK(notified.wait_for(fourth));
    CHECK(admin.store->sql("SELECT count(*) FROM accounts") == "0");
    admin.ports.sessions.watch({});
}

TEST_CASE("disabling an account again keeps the time")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    REQUIRE(admin.db().disable_account(admin.alice.id, at(1)));
    REQUIRE(admin.db().disable_account(admin.alice.id, at(2)));
    CHECK(admin.db().find_account("alice")->disabled_at == at(1));
    REQUIRE(admin.db().enable_account(admin.alice.id));
    CHECK_FALSE(admin.db().find_account("alice")->disabled_at);
}

TEST_CASE("a new password and enabling reset the failure counters of an account")
{
    auto const kind = GENERATE(from_range(administered_stores()));
    bool const by_password = GENERATE(true, false);
    administrator_fixture admin{kind};
    admin.open(1);
    admin.store->add_counter(admin.alice.id, "", 100, at(5));
    admin.store->add_counter(admin.alice.id, "192.0.2.1", 3, at(6));
    auto const counters = admin.db().list_counters(admin.alice.id);
    REQUIRE(counters.size() == 2);
    CHECK(counters[0].network.empty());
    CHECK(counters[0].counter.failures == 100);
    CHECK(counters[0].counter.last_failed_at == at(5));
    CHECK(counters[1].network == "192.0.2.1");
    CHECK(admin.db().find_account("alice")->failed_from_unknown == 100);
    if (by_password) {
        CHECK(admin.db().set_password(admin.alice.id, "another hash"));
    } else {
        CHECK(admin.db().enable_account(admin.alice.id));
    }
    CHECK(admin.db().list_counters(admin.alice.id).empty());
    CHECK(admin.db().find_account("alice")->failed_from_unknown == 0);
}

TEST_CASE("a deleted account leaves nothing behind")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.open(1);
    admin.store->add_counter(admin.alice.id, "192.0.2.1", 3, at(6));
    REQUIRE(admin.db().delete_account(admin.alice.id));
    CHECK_FALSE(admin.is_open(1));
    CHECK(name_at(admin, "192.0.2.1") == "(unknown)");
    CHECK(admin.store->sql("SELECT count(*) FROM account_networks") == "0");
    CHECK(admin.db().list_counters(admin.alice.id).empty());
}

TEST_CASE("a deleted account is not found")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    REQUIRE(admin.db().delete_account(admin.alice.id));
    CHECK_FALSE(admin.db().find_account("alice"));
    CHECK(admin.db().delete_account(admin.alice.id).error() == errc::not_found);
    CHECK(admin.db().set_password(admin.alice.id, "hash").error() == errc::not_found);
    CHECK(admin.db().rename_account(admin.alice.id, "Bob", "bob").error() == errc::not_found);
    CHECK(admin.db().disable_account(admin.alice.id, at(0)).error() == errc::not_found);
    CHECK(admin.db().enable_account(admin.alice.id).error() == errc::not_found);
    CHECK(admin.db().end_session(1).error() == errc::not_found);
    CHECK(admin.db().end_sessions(admin.alice.id) == 0);
}
