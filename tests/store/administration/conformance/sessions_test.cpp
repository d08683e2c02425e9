// The operations of porterctl on sessions, addresses and the store as a whole, for each store.
#include "store/administration/conformance/administrator_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::errc;
using porter::detail::store::transport;

TEST_CASE("sessions are listed in the order in which they were opened")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const bob = admin.db().add_account("Bob", "bob", "hash", at(0));
    REQUIRE(bob);
    auto const first = admin.open(1);
    auto other = session_of(admin.alice, 2, 3);
    other.account = *bob;
    other.transport = transport::plain;
    auto const second = admin.run(admin.ports.sessions.open(other));
    REQUIRE(second);
    auto const all = admin.db().list_sessions(std::nullopt);
    REQUIRE(all.size() == 2);
    CHECK(all[0].session.id == first);
    CHECK(all[0].account_name == "alice");
    CHECK(all[0].session.transport == transport::tls);
    CHECK(all[1].session.id == second->id);
    CHECK(all[1].account_name == "Bob");
    CHECK(all[1].session.account == *bob);
    CHECK(all[1].session.created_at == at(3));
    CHECK(all[1].session.last_used_at == at(3));
    CHECK(all[1].session.expires_at == at(1003));
    CHECK(all[1].session.address == "192.0.2.1");
    CHECK(all[1].session.transport == transport::plain);
    auto const of_alice = admin.db().list_sessions(admin.alice.id);
    REQUIRE(of_alice.size() == 1);
    CHECK(of_alice[0].session.id == first);
}

TEST_CASE("a session is ended once and all of an account together")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const first = admin.open(1);
    admin.open(2);
    admin.open(3);
    auto const ended = admin.db().end_session(first);
    REQUIRE(ended);
    CHECK(*ended == "alice");
    CHECK(admin.db().end_session(first).error() == errc::not_found);
    CHECK_FALSE(admin.is_open(1));
    CHECK(admin.is_open(2));
    CHECK(admin.db().end_sessions(admin.alice.id) == 2);
    CHECK_FALSE(admin.is_open(2));
    CHECK(admin.db().end_sessions(admin.alice.id) == 0);
}

TEST_CASE("expired and idle sessions are pruned")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.open(1, 0);    // expires at 1000
    admin.open(2, 500);  // idle since 500
    admin.open(3, 600);
    CHECK(admin.db().prune_sessions(at(999), at(499)) == 1);  // the first is idle since 0
    CHECK_FALSE(admin.is_open(1));
    CHECK(admin.db().prune_sessions(at(999), at(500)) == 1);
    CHECK_FALSE(admin.is_open(2));
    CHECK(admin.db().prune_sessions(at(1600), at(0)) == 1);
    CHECK(admin.db().prune_sessions(at(1600), at(0)) == 0);
}

TEST_CASE("an address gets a name that is said or that of an account")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    CHECK(admin.db().set_address("192.0.2.5", "Carol", "carol", at(1)) == "Carol");
    CHECK(admin.db().is_identified("Carol"));
    auto const said = admin.db().find_address("192.0.2.5");
    REQUIRE(said);
    CHECK(said->name == "Carol");
    CHECK_FALSE(said->is_proved);
    CHECK(said->first_seen_at == at(1));
    CHECK(admin.db().set_address("192.0.2.5", "ALICE", "alice", at(9)) == "alice");
    CHECK_FALSE(admin.db().is_identified("Carol"));
    CHECK_FALSE(admin.db().is_identified("alice"));
    auto const proved = admin.db().find_address("192.0.2.5");
    REQUIRE(proved);
    CHECK(proved->name == "alice");
    CHECK(proved->is_proved);
    CHECK(proved->last_seen_at == at(1));
    REQUIRE(admin.db().rename_account(admin.alice.id, "Alina", "alina"));
    CHECK(admin.db().find_address("192.0.2.5")->name == "Alina");
}

TEST_CASE("addresses are listed with the one seen last first and are forgotten")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.db().set_address("192.0.2.5", "Carol", "carol", at(1));
    admin.db().set_address("192.0.2.7", "Dave", "dave", at(3));
    admin.db().set_address("192.0.2.6", "Erin", "erin", at(3));
    std::string listed;
    for (auto const& each : admin.db().list_addresses()) listed += each.name + ' ';
    CHECK(listed == "Erin Dave Carol ");
    CHECK(admin.db().forget_address("192.0.2.5"));
    CHECK(admin.db().forget_address("192.0.2.5").error() == errc::not_found);
    CHECK_FALSE(admin.db().find_address("192.0.2.5"));
}

TEST_CASE("the status counts rows and lists the migrations")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.open(1);
    REQUIRE(admin.db().add_account("Bob", "bob", "hash", at(0)));
    REQUIRE(admin.db().disable_account(admin.alice.id, at(0)));
    auto const status = admin.db().status();
    CHECK(status.version == status.newest);
    CHECK(status.migrations.size() == static_cast<std::size_t>(status.newest));
    CHECK(status.migrations.back().version == status.newest);
    CHECK(status.accounts == 2);
    CHECK(status.disabled_accounts == 1);
    CHECK(status.sessions == 0);
    CHECK(status.addresses == 1);
}

TEST_CASE("a store that porterd has used has no faults")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.open(1);
    CHECK(admin.db().find_damage().empty());
    CHECK(admin.db().find_faults().empty());
}

TEST_CASE("an account with a wrong key is found")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    REQUIRE(admin.db().add_account("Боб", "Боб", "hash", at(0)));
    auto const faults = admin.db().find_faults();
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].find("(Боб) has a wrong key") != std::string::npos);
}
