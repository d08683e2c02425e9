// Requests about sessions, and how a session ends on all its connections (promise P6).
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
namespace wire = detail::protocol;

TEST_CASE("a session whose expiry was moved ends at the new time")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto const session = alice.session();
        fixture.store.set_expiry(static_cast<detail::store::session_id>(session), fixture.clock.now() + 10s);
        fixture.clock.advance(9s);
        co_await alice.exchange("still here");
        fixture.clock.advance(1s);
        auto ended = co_await alice.receives_closing(code::session_ended);
        CHECK(ended);
    });
}

TEST_CASE("sessions are listed and revoked by id")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto const first = alice.session();
        auto laptop = co_await fixture.logged_in("Alice");
        auto const second = laptop.session();

        co_await alice.send(wire::list_sessions{});
        auto listed = co_await alice.receive<wire::sessions>();
        REQUIRE(listed.entries.size() == 2);
        CHECK(listed.entries[0].id == first);
        CHECK(listed.entries[0].current);
        CHECK(listed.entries[1].id == second);
        CHECK(!listed.entries[1].current);
        CHECK(listed.entries[1].address == "127.0.0.1");

        co_await alice.send(wire::revoke_session{second});
        co_await alice.receive<wire::done>();
        auto gone = co_await laptop.receives_closing(code::session_ended);
        CHECK(gone);

        co_await alice.send(wire::revoke_session{second});
        auto denied = co_await alice.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::not_found));

        co_await alice.send(wire::revoke_session{first});
        co_await alice.receive<wire::done>();
        auto closed = co_await alice.receives_closing(code::session_ended);
        CHECK(closed);
    });
}

TEST_CASE("the session of another account cannot be revoked")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto const session = alice.session();
        auto bob = co_await fixture.registered("Bob");
        co_await bob.send(wire::revoke_session{session});
        auto denied = co_await bob.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::not_found));
    });
}

TEST_CASE("a changed password ends the other sessions and keeps this one")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto phone = co_await fixture.logged_in("Alice");

        wire::change_password change;
        change.current = "a wrong guess of it";
        change.new_password = "two horses on a staple";
        co_await phone.send(change);
        auto denied = co_await phone.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::bad_credentials));
        change.current = test_password;
        co_await phone.send(change);
        co_await phone.receive<wire::done>();
        auto gone = co_await alice.receives_closing(code::session_ended);
        CHECK(gone);
        co_await phone.exchange("still here");
    });
}

// Promise P6: a message that was sent before the session's end and is processed after it is not answered.
TEST_CASE("a message behind a request is not answered if the session ends during the request")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto phone = co_await fixture.registered("Alice");
        auto laptop = co_await fixture.logged_in("Alice");

        fixture.hashes.held = true;
        auto const verified = fixture.hashes.verified.load();
        wire::change_password change;
        change.current = "a wrong guess of it";
        change.new_password = "two horses on a staple";
        phone.queue(change);
        phone.queue(wire::text{"not answered"});
        co_await phone.flush();
        while (fixture.hashes.verified == verified) co_await yield();
        wire::logout everywhere;
        everywhere.scope = wire::logout_scope::account;
        co_await laptop.send(everywhere);
        co_await laptop.receive<wire::done>();
        co_await yield(200);  // until the phone's thread knows
        fixture.hashes.held = false;
        fixture.hashes.held.notify_all();
        co_await phone.receive<wire::denied>();
        auto ended = co_await phone.receives_closing(code::session_ended);
        CHECK(ended);
    });
}

// Promise P6: between the store's answer and the grant.
TEST_CASE("a session that ends while it is opened gets no access")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.greeted();
        fixture.log.on_event = [&](std::string_view event) {
            if (event == "session_opened") fixture.store.disable(1, fixture.clock.now());
        };
        co_await alice.send(registration("Alice"));
        auto denied = co_await alice.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::invalid_token));
        fixture.log.on_event = {};
    });
}

TEST_CASE("a session that ends elsewhere ends its connections")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto phone = co_await fixture.greeted();
        co_await phone.resume(alice.token());

        wire::logout everywhere;
        everywhere.scope = wire::logout_scope::account;
        co_await phone.send(everywhere);
        co_await phone.receive<wire::done>();
        auto here = co_await phone.receives_closing(code::normal);
        CHECK(here);
        auto there = co_await alice.receives_closing(code::session_ended);
        CHECK(there);
    });
}
