#include "support/catch.hpp"
#include "support/test_house.hpp"

using namespace porter;
using namespace porter::testing;
using protocol = rooms::protocol::access_mode;
namespace wire = rooms::protocol;

namespace {

std::string const good_password = "a horse on a staple";

task<wire::granted> registers(visitor& alice, std::string name)
{
    co_await alice.greet();
    wire::register_account asked;
    asked.name = name;
    asked.password = good_password;
    co_await alice.say(asked);
    auto granted = co_await alice.hear<wire::granted>();
    co_return granted;
}

bool denied_with(wire::denied const& answer, code why)
{
    return answer.what == static_cast<std::uint16_t>(why);
}

}  // namespace

TEST_CASE("open access is granted right behind the welcome")
{
    test_house house{with_access(protocol::open)};
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await someone.connect(house.where);
        auto welcome = co_await someone.greet();
        CHECK(welcome.access == protocol::open);
        CHECK(welcome.max_frame == 1024 * 1024);
        auto granted = co_await someone.hear<wire::granted>();
        CHECK(granted.via == wire::via::open);
        CHECK(granted.name.empty());
        CHECK(granted.session_id == 0);
    };
    house.run(scene());
}

TEST_CASE("identify access asks an unknown address once and greets it from then on")
{
    test_house house{with_access(protocol::identify)};
    auto scene = [&]() -> task<void> {
        visitor first{house.io};
        co_await first.connect(house.where);
        auto welcome = co_await first.greet();
        CHECK(welcome.known_as.empty());
        wire::identify asked;
        asked.name = "Алиса";
        co_await first.say(asked);
        auto granted = co_await first.hear<wire::granted>();
        CHECK(granted.via == wire::via::identify);
        CHECK(granted.name == "Алиса");

        visitor again{house.io};
        co_await again.connect(house.where);
        auto second_welcome = co_await again.greet();
        CHECK(second_welcome.known_as == "Алиса");
        auto known = co_await again.hear<wire::granted>();
        CHECK(known.via == wire::via::address);
        CHECK(known.name == "Алиса");

        asked.name = "Bob";
        co_await again.say(asked);
        auto renamed = co_await again.hear<wire::granted>();
        CHECK(renamed.via == wire::via::identify);
        CHECK(renamed.name == "Bob");
    };
    house.run(scene());
}

TEST_CASE("an invalid name is denied and may be tried again")
{
    test_house house{with_access(protocol::identify)};
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await someone.connect(house.where);
        co_await someone.greet();
        wire::identify asked;
        asked.name = " ";
        co_await someone.say(asked);
        auto denied = co_await someone.hear<wire::denied>();
        CHECK(denied_with(denied, code::invalid_name));
        asked.name = "Bob";
        co_await someone.say(asked);
        auto granted = co_await someone.hear<wire::granted>();
        CHECK(granted.name == "Bob");
    };
    house.run(scene());
}

TEST_CASE("a registered visitor comes back by token and by password and is told of the last time")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await alice.connect(house.where);
        auto granted = co_await registers(alice, "Alice");
        CHECK(granted.via == wire::via::register_account);
        CHECK(granted.last_login_at == 0);
        std::string const token{granted.token};
        CHECK(token.size() == 47);

        visitor back{house.io};
        co_await back.connect(house.where);
        auto welcome = co_await back.greet();
        CHECK(welcome.known_as == "Alice");
        wire::resume by_token;
        by_token.token = token;
        co_await back.say(by_token);
        auto resumed = co_await back.hear<wire::granted>();
        CHECK(resumed.via == wire::via::resume);
        CHECK(resumed.name == "Alice");
        CHECK(resumed.token.empty());
        CHECK(resumed.last_login_at != 0);

        visitor third{house.io};
        co_await third.connect(house.where);
        co_await third.greet();
        wire::login by_password;
        by_password.name = "ALICE";
        by_password.password = good_password;
        co_await third.say(by_password);
        auto logged_in = co_await third.hear<wire::granted>();
        CHECK(logged_in.via == wire::via::login);
        CHECK(logged_in.name == "Alice");
        CHECK(logged_in.last_address == "127.0.0.1");
    };
    house.run(scene());
}

TEST_CASE("refusals have their codes and the fifth one ends the connection")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await alice.connect(house.where);
        co_await registers(alice, "Alice");

        visitor mallory{house.io};
        co_await mallory.connect(house.where);
        co_await mallory.greet();
        wire::login wrong;
        wrong.name = "Alice";
        wrong.password = "not the password";
        co_await mallory.say(wrong);
        auto denied = co_await mallory.hear<wire::denied>();
        CHECK(denied_with(denied, code::bad_credentials));
        wrong.name = "Nobody";
        co_await mallory.say(wrong);
        denied = co_await mallory.hear<wire::denied>();
        CHECK(denied_with(denied, code::bad_credentials));
        wire::register_account taken;
        taken.name = "alice";
        taken.password = good_password;
        co_await mallory.say(taken);
        denied = co_await mallory.hear<wire::denied>();
        CHECK(denied_with(denied, code::name_taken));
        wire::register_account weak;
        weak.name = "Mallory";
        weak.password = "short";
        co_await mallory.say(weak);
        denied = co_await mallory.hear<wire::denied>();
        CHECK(denied_with(denied, code::weak_password));
        wire::resume forged;
        forged.token = "prt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        co_await mallory.say(forged);
        denied = co_await mallory.hear<wire::denied>();
        CHECK(denied_with(denied, code::invalid_token));
        auto closed = co_await mallory.hears_closing(code::too_many_attempts);
        CHECK(closed);
    };
    house.run(scene());
}

TEST_CASE("what needs another access mode is not supported before and after access")
{
    test_house house{with_access(protocol::identify)};
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await someone.connect(house.where);
        co_await someone.greet();
        wire::login asked;
        asked.name = "Alice";
        asked.password = good_password;
        co_await someone.say(asked);
        auto denied = co_await someone.hear<wire::denied>();
        CHECK(denied_with(denied, code::not_supported));
        wire::identify named;
        named.name = "Alice";
        co_await someone.say(named);
        co_await someone.hear<wire::granted>();
        co_await someone.say(asked);
        denied = co_await someone.hear<wire::denied>();
        CHECK(denied_with(denied, code::not_supported));
        co_await someone.say(wire::list_sessions{});
        denied = co_await someone.hear<wire::denied>();
        CHECK(denied_with(denied, code::not_supported));
    };
    house.run(scene());
}

TEST_CASE("a login and a large text behind it may come in one go")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await alice.connect(house.where);
        co_await alice.greet();
        wire::register_account asked;
        asked.name = "Alice";
        asked.password = good_password;
        alice.queue(asked);
        std::string const large(100'000, 'x');
        wire::text text;
        text.body = large;
        alice.queue(text);
        co_await alice.flush();
        co_await alice.hear<wire::granted>();
        auto echo = co_await alice.hear<wire::text>();
        CHECK(echo.body == large);
    };
    house.run(scene());
}
