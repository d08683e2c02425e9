// What people do with their sessions, and how these end everywhere (promise P6).
#include "support/catch.hpp"
#include "support/test_house.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
namespace wire = rooms::protocol;

namespace {

/// Registers and gives the session's id.
task<std::uint64_t> registers(visitor& someone, test_house& house, std::string name)
{
    co_await someone.connect(house.where);
    co_await someone.greet();
    wire::register_account asked;
    asked.name = name;
    asked.password = "a horse on a staple";
    co_await someone.say(asked);
    auto granted = co_await someone.hear<wire::granted>();
    co_return granted.session_id;
}

}  // namespace

TEST_CASE("an end that an administrator has moved closes the connection when it comes")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        auto const session = co_await registers(alice, house, "Alice");
        house.store.move_end(static_cast<rooms::store::session_id>(session), house.clock.now() + 10s);
        house.clock.advance(9s);
        co_await alice.say(wire::text{"still here"});
        co_await alice.hear<wire::text>();
        house.clock.advance(1s);
        auto ended = co_await alice.hears_closing(code::session_ended);
        CHECK(ended);
    };
    house.run(scene());
}

TEST_CASE("sessions are listed and revoked by id")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        auto const first = co_await registers(alice, house, "Alice");
        visitor laptop{house.io};
        co_await laptop.connect(house.where);
        co_await laptop.greet();
        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        co_await laptop.say(login);
        auto granted = co_await laptop.hear<wire::granted>();
        auto const second = granted.session_id;

        co_await alice.say(wire::list_sessions{});
        auto listed = co_await alice.hear<wire::sessions>();
        REQUIRE(listed.entries.size() == 2);
        CHECK(listed.entries[0].id == first);
        CHECK(listed.entries[0].current);
        CHECK(listed.entries[1].id == second);
        CHECK(!listed.entries[1].current);
        CHECK(listed.entries[1].address == "127.0.0.1");

        co_await alice.say(wire::revoke_session{second});
        co_await alice.hear<wire::done>();
        auto gone = co_await laptop.hears_closing(code::session_ended);
        CHECK(gone);

        co_await alice.say(wire::revoke_session{second});
        auto denied = co_await alice.hear<wire::denied>();
        CHECK(denied.what == static_cast<std::uint16_t>(code::not_found));

        co_await alice.say(wire::revoke_session{first});
        co_await alice.hear<wire::done>();
        auto closed = co_await alice.hears_closing(code::session_ended);
        CHECK(closed);
    };
    house.run(scene());
}

TEST_CASE("a stranger's session cannot be revoked")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        auto const hers = co_await registers(alice, house, "Alice");
        visitor bob{house.io};
        co_await registers(bob, house, "Bob");
        co_await bob.say(wire::revoke_session{hers});
        auto denied = co_await bob.hear<wire::denied>();
        CHECK(denied.what == static_cast<std::uint16_t>(code::not_found));
    };
    house.run(scene());
}

TEST_CASE("a changed password ends the other sessions and keeps this one")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await registers(alice, house, "Alice");
        visitor phone{house.io};
        co_await phone.connect(house.where);
        co_await phone.greet();
        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        co_await phone.say(login);
        co_await phone.hear<wire::granted>();

        wire::change_password change;
        change.current = "a wrong guess of it";
        change.fresh = "two horses on a staple";
        co_await phone.say(change);
        auto denied = co_await phone.hear<wire::denied>();
        CHECK(denied.what == static_cast<std::uint16_t>(code::bad_credentials));
        change.current = "a horse on a staple";
        co_await phone.say(change);
        co_await phone.hear<wire::done>();
        auto gone = co_await alice.hears_closing(code::session_ended);
        CHECK(gone);
        co_await phone.say(wire::text{"still here"});
        co_await phone.hear<wire::text>();
    };
    house.run(scene());
}

// Promise P6: what was sent before the end of the session and is taken up after it is not served.
TEST_CASE("what waits behind a request is not served when the session has ended meanwhile")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor phone{house.io};
        co_await registers(phone, house, "Alice");
        visitor laptop{house.io};
        co_await laptop.connect(house.where);
        co_await laptop.greet();
        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        co_await laptop.say(login);
        co_await laptop.hear<wire::granted>();

        house.hashes.held = true;
        auto const verified = house.hashes.verified.load();
        wire::change_password change;
        change.current = "a wrong guess of it";
        change.fresh = "two horses on a staple";
        phone.queue(change);
        phone.queue(wire::text{"is anybody listening"});
        co_await phone.flush();
        auto executor = co_await asio::this_coro::executor;
        while (house.hashes.verified == verified) co_await asio::post(executor, use_task);
        wire::logout everywhere;
        everywhere.scope = wire::logout_scope::account;
        co_await laptop.say(everywhere);
        co_await laptop.hear<wire::done>();
        for (int i = 0; i < 200; ++i) co_await asio::post(executor, use_task);  // until the phone's thread was told
        house.hashes.held = false;
        house.hashes.held.notify_all();
        co_await phone.hear<wire::denied>();
        auto ended = co_await phone.hears_closing(code::session_ended);
        CHECK(ended);
    };
    house.run(scene());
}

// Promise P6: between the store's word and the seat in the house.
TEST_CASE("a session that ends while it is being opened opens nothing")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await alice.connect(house.where);
        co_await alice.greet();
        wire::register_account asked;
        asked.name = "Alice";
        asked.password = "a horse on a staple";
        house.log.on_event = [&](std::string_view event) {
            if (event == "session_opened") house.store.disable(1, house.clock.now());
        };
        co_await alice.say(asked);
        auto denied = co_await alice.hear<wire::denied>();
        CHECK(denied.what == static_cast<std::uint16_t>(code::invalid_token));
        house.log.on_event = {};
    };
    house.run(scene());
}

TEST_CASE("a session that ends elsewhere ends its connections")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await alice.connect(house.where);
        co_await alice.greet();
        wire::register_account asked;
        asked.name = "Alice";
        asked.password = "a horse on a staple";
        co_await alice.say(asked);
        auto granted = co_await alice.hear<wire::granted>();
        std::string const token{granted.token};

        visitor phone{house.io};
        co_await phone.connect(house.where);
        co_await phone.greet();
        wire::resume resume;
        resume.token = token;
        co_await phone.say(resume);
        co_await phone.hear<wire::granted>();

        wire::logout everywhere;
        everywhere.scope = wire::logout_scope::account;
        co_await phone.say(everywhere);
        co_await phone.hear<wire::done>();
        auto here = co_await phone.hears_closing(code::normal);
        CHECK(here);
        auto there = co_await alice.hears_closing(code::session_ended);
        CHECK(there);
    };
    house.run(scene());
}
