// What people do with their sessions, and how these end everywhere (promise P6).
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
namespace wire = detail::protocol;

namespace {

/// Registers and gives the session's id.
task<std::uint64_t> registers(test_client& someone, server_fixture& fixture, std::string name)
{
    co_await someone.connect(fixture.endpoint);
    co_await someone.greet();
    wire::register_account asked;
    asked.name = name;
    asked.password = "a horse on a staple";
    co_await someone.send(asked);
    auto granted = co_await someone.receive<wire::granted>();
    co_return granted.session_id;
}

}  // namespace

TEST_CASE("an end that an administrator has moved closes the connection when it comes")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        auto const session = co_await registers(alice, fixture, "Alice");
        fixture.store.move_end(static_cast<detail::store::session_id>(session), fixture.clock.now() + 10s);
        fixture.clock.advance(9s);
        co_await alice.send(wire::text{"still here"});
        co_await alice.receive<wire::text>();
        fixture.clock.advance(1s);
        auto ended = co_await alice.receives_closing(code::session_ended);
        CHECK(ended);
    };
    fixture.run(scene());
}

TEST_CASE("sessions are listed and revoked by id")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        auto const first = co_await registers(alice, fixture, "Alice");
        test_client laptop{fixture.io};
        co_await laptop.connect(fixture.endpoint);
        co_await laptop.greet();
        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        co_await laptop.send(login);
        auto granted = co_await laptop.receive<wire::granted>();
        auto const second = granted.session_id;

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
    };
    fixture.run(scene());
}

TEST_CASE("a stranger's session cannot be revoked")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        auto const hers = co_await registers(alice, fixture, "Alice");
        test_client bob{fixture.io};
        co_await registers(bob, fixture, "Bob");
        co_await bob.send(wire::revoke_session{hers});
        auto denied = co_await bob.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::not_found));
    };
    fixture.run(scene());
}

TEST_CASE("a changed password ends the other sessions and keeps this one")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        co_await registers(alice, fixture, "Alice");
        test_client phone{fixture.io};
        co_await phone.connect(fixture.endpoint);
        co_await phone.greet();
        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        co_await phone.send(login);
        co_await phone.receive<wire::granted>();

        wire::change_password change;
        change.current = "a wrong guess of it";
        change.new_password = "two horses on a staple";
        co_await phone.send(change);
        auto denied = co_await phone.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::bad_credentials));
        change.current = "a horse on a staple";
        co_await phone.send(change);
        co_await phone.receive<wire::done>();
        auto gone = co_await alice.receives_closing(code::session_ended);
        CHECK(gone);
        co_await phone.send(wire::text{"still here"});
        co_await phone.receive<wire::text>();
    };
    fixture.run(scene());
}

// Promise P6: what was sent before the end of the session and is taken up after it is not served.
TEST_CASE("what waits behind a request is not served when the session has ended meanwhile")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client phone{fixture.io};
        co_await registers(phone, fixture, "Alice");
        test_client laptop{fixture.io};
        co_await laptop.connect(fixture.endpoint);
        co_await laptop.greet();
        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        co_await laptop.send(login);
        co_await laptop.receive<wire::granted>();

        fixture.hashes.held = true;
        auto const verified = fixture.hashes.verified.load();
        wire::change_password change;
        change.current = "a wrong guess of it";
        change.new_password = "two horses on a staple";
        phone.queue(change);
        phone.queue(wire::text{"is anybody listening"});
        co_await phone.flush();
        auto executor = co_await asio::this_coro::executor;
        while (fixture.hashes.verified == verified) co_await asio::post(executor, use_task);
        wire::logout everywhere;
        everywhere.scope = wire::logout_scope::account;
        co_await laptop.send(everywhere);
        co_await laptop.receive<wire::done>();
        for (int i = 0; i < 200; ++i) co_await asio::post(executor, use_task);  // until the phone's thread was told
        fixture.hashes.held = false;
        fixture.hashes.held.notify_all();
        co_await phone.receive<wire::denied>();
        auto ended = co_await phone.receives_closing(code::session_ended);
        CHECK(ended);
    };
    fixture.run(scene());
}

// Promise P6: between the store's word and the seat in the house.
TEST_CASE("a session that ends while it is being opened opens nothing")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        co_await alice.connect(fixture.endpoint);
        co_await alice.greet();
        wire::register_account asked;
        asked.name = "Alice";
        asked.password = "a horse on a staple";
        fixture.log.on_event = [&](std::string_view event) {
            if (event == "session_opened") fixture.store.disable(1, fixture.clock.now());
        };
        co_await alice.send(asked);
        auto denied = co_await alice.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::invalid_token));
        fixture.log.on_event = {};
    };
    fixture.run(scene());
}

TEST_CASE("a session that ends elsewhere ends its connections")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        co_await alice.connect(fixture.endpoint);
        co_await alice.greet();
        wire::register_account asked;
        asked.name = "Alice";
        asked.password = "a horse on a staple";
        co_await alice.send(asked);
        auto granted = co_await alice.receive<wire::granted>();
        std::string const token{granted.token};

        test_client phone{fixture.io};
        co_await phone.connect(fixture.endpoint);
        co_await phone.greet();
        wire::resume resume;
        resume.token = token;
        co_await phone.send(resume);
        co_await phone.receive<wire::granted>();

        wire::logout everywhere;
        everywhere.scope = wire::logout_scope::account;
        co_await phone.send(everywhere);
        co_await phone.receive<wire::done>();
        auto here = co_await phone.receives_closing(code::normal);
        CHECK(here);
        auto there = co_await alice.receives_closing(code::session_ended);
        CHECK(there);
    };
    fixture.run(scene());
}
