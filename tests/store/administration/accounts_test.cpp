// The operations of porterctl on accounts.
#include "store/administration/admin_fixture.hpp"
#include "store/support/ended_sessions.hpp"

using namespace porter::testing;
using porter::detail::store::errc;

TEST_CASE("an account is added once")
{
    admin_fixture admin;
    auto const added = admin.db().add_account("Боб", "боб", "hash", at(5));
    REQUIRE(added);
    auto const found = admin.db().find_account("боб");
    REQUIRE(found);
    CHECK(found->id == *added);
    CHECK(found->name == "Боб");
    CHECK(found->created_at == at(5));
    auto const again = admin.db().add_account("БОБ", "боб", "hash", at(6));
    REQUIRE_FALSE(again);
    CHECK(again.error() == errc::name_taken);
    CHECK(admin.db().list_accounts().size() == 2);
}

TEST_CASE("an account can be renamed to another spelling of its name")
{
    admin_fixture admin;
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
    admin_fixture admin{admin_fixture::porterd::open};
    auto const opened = admin.database.run(admin.ports.sessions.open(session_of(admin.alice, 1)));
    REQUIRE(opened);
    REQUIRE(admin.database.run(admin.ports.addresses.record("192.0.2.1", "192.0.2.1", "alice", admin.alice.id, at(0))));
    REQUIRE(admin.db().rename_account(admin.alice.id, "Боб", "боб"));
    CHECK(admin.run_sql("SELECT id FROM sessions") == std::to_string(opened->id));
    auto const name = admin.database.run(admin.ports.addresses.name_of("192.0.2.1"));
    REQUIRE(name);
    CHECK(*name == "Боб");
}

TEST_CASE("an account is not renamed to a name that is taken")
{
    admin_fixture admin;
    REQUIRE(admin.db().add_account("Bob", "bob", "hash", at(0)));
    auto const renamed = admin.db().rename_account(admin.alice.id, "BOB", "bob");
    REQUIRE_FALSE(renamed);
    CHECK(renamed.error() == errc::name_taken);
    CHECK(admin.db().find_account("alice")->name == "alice");
}

TEST_CASE("a store that is open reports the sessions that an administrator ends")
{
    admin_fixture admin{admin_fixture::porterd::open};
    ended_sessions notified;
    admin.ports.sessions.watch({notified.watcher()});
    auto const open = [&](int number) {
        auto opened = admin.database.run(admin.ports.sessions.open(session_of(admin.alice, number)));
        REQUIRE(opened);
        return opened->id;
    };
    auto const first = open(1);
    CHECK(admin.db().end_session(first));
    CHECK(notified.wait_for(first));
    auto const second = open(2);
    CHECK(*admin.db().set_password(admin.alice.id, "another hash") == 1);
    CHECK(notified.wait_for(second));
    admin.alice.credential_version = 2;
    auto const third = open(3);
    CHECK(*admin.db().disable_account(admin.alice.id, at(1)) == 1);
    CHECK(notified.wait_for(third));
    CHECK(admin.db().enable_account(admin.alice.id));
    auto const fourth = open(4);
    CHECK(admin.db().delete_account(admin.alice.id));
    CHECK(notified.wait_for(fourth));
    CHECK(admin.run_sql("SELECT count(*) FROM accounts") == "0");
    admin.ports.sessions.watch({});
}

TEST_CASE("disabling an account again keeps the time")
{
    admin_fixture admin;
    REQUIRE(admin.db().disable_account(admin.alice.id, at(1)));
    REQUIRE(admin.db().disable_account(admin.alice.id, at(2)));
    CHECK(admin.db().find_account("alice")->disabled_at == at(1));
}

TEST_CASE("a deleted account is not found")
{
    admin_fixture admin;
    REQUIRE(admin.db().delete_account(admin.alice.id));
    CHECK_FALSE(admin.db().find_account("alice"));
    CHECK(admin.db().delete_account(admin.alice.id).error() == errc::not_found);
    CHECK(admin.db().set_password(admin.alice.id, "hash").error() == errc::not_found);
    CHECK(admin.db().rename_account(admin.alice.id, "Bob", "bob").error() == errc::not_found);
    CHECK(admin.db().disable_account(admin.alice.id, at(0)).error() == errc::not_found);
    CHECK(admin.db().enable_account(admin.alice.id).error() == errc::not_found);
    CHECK(admin.db().end_session(1).error() == errc::not_found);
}
