#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using mode = wire::access_mode;

namespace {

bool has_code(wire::denied const& denied, code expected)
{
    return denied.code == static_cast<std::uint16_t>(expected);
}

}  // namespace

TEST_CASE("open access is granted after the welcome without a request")
{
    server_fixture fixture{with_access(mode::open)};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        auto welcome = co_await client.greet();
        CHECK(welcome.access == mode::open);
        CHECK(welcome.max_frame == 1024 * 1024);
        auto granted = co_await client.receive<wire::granted>();
        CHECK(granted.auth_method == wire::auth_method::open);
        CHECK(granted.name.empty());
        CHECK(granted.session_id == 0);
    });
}

TEST_CASE("identify access asks an unknown address for a name once and knows it afterwards")
{
    server_fixture fixture{with_access(mode::identify)};
    fixture.run([&]() -> task<void> {
        auto first = co_await fixture.connected();
        auto welcome = co_await first.greet();
        CHECK(welcome.known_as.empty());
        wire::identify request;
        request.name = "Алиса";
        co_await first.send(request);
        auto granted = co_await first.receive<wire::granted>();
        CHECK(granted.auth_method == wire::auth_method::identify);
        CHECK(granted.name == "Алиса");

        auto again = co_await fixture.connected();
        auto second_welcome = co_await again.greet();
        CHECK(second_welcome.known_as == "Алиса");
        auto known = co_await again.receive<wire::granted>();
        CHECK(known.auth_method == wire::auth_method::address);
        CHECK(known.name == "Алиса");

        request.name = "Bob";
        co_await again.send(request);
        auto renamed = co_await again.receive<wire::granted>();
        CHECK(renamed.auth_method == wire::auth_method::identify);
        CHECK(renamed.name == "Bob");
    });
}

TEST_CASE("after an invalid name another one may be sent")
{
    server_fixture fixture{with_access(mode::identify)};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.greeted();
        wire::identify request;
        request.name = " ";
        co_await client.send(request);
        auto denied = co_await client.receive<wire::denied>();
        CHECK(has_code(denied, code::invalid_name));
        request.name = "Bob";
        co_await client.send(request);
        auto granted = co_await client.receive<wire::granted>();
        CHECK(granted.name == "Bob");
    });
}

TEST_CASE("a registered client gets access by token and by password and is sent its last login")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.greeted();
        co_await alice.send(registration("Alice"));
        auto granted = co_await alice.receive<wire::granted>();
        CHECK(granted.auth_method == wire::auth_method::register_account);
        CHECK(granted.last_login_at == 0);
        std::string const token{granted.token};
        CHECK(token.size() == 47);

        auto back = co_await fixture.connected();
        auto welcome = co_await back.greet();
        CHECK(welcome.known_as == "Alice");
        wire::resume by_token;
        by_token.token = token;
        co_await back.send(by_token);
        auto resumed = co_await back.receive<wire::granted>();
        CHECK(resumed.auth_method == wire::auth_method::resume);
        CHECK(resumed.name == "Alice");
        CHECK(resumed.token.empty());
        CHECK(resumed.last_login_at != 0);

        auto third = co_await fixture.greeted();
        co_await third.send(login_request("ALICE"));
        auto logged_in = co_await third.receive<wire::granted>();
        CHECK(logged_in.auth_method == wire::auth_method::login);
        CHECK(logged_in.name == "Alice");
        CHECK(logged_in.last_address == "127.0.0.1");
    });
}

TEST_CASE("denials have their codes and the fifth one ends the connection")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto mallory = co_await fixture.greeted();
        wire::login wrong;
        wrong.name = "Alice";
        wrong.password = "not the password";
        co_await mallory.send(wrong);
        auto denied = co_await mallory.receive<wire::denied>();
        CHECK(has_code(denied, code::bad_credentials));
        wrong.name = "Unused";
        co_await mallory.send(wrong);
        denied = co_await mallory.receive<wire::denied>();
        CHECK(has_code(denied, code::bad_credentials));
        co_await mallory.send(registration("alice"));
        denied = co_await mallory.receive<wire::denied>();
        CHECK(has_code(denied, code::name_taken));
        wire::register_account weak;
        weak.name = "Mallory";
        weak.password = "short";
        co_await mallory.send(weak);
        denied = co_await mallory.receive<wire::denied>();
        CHECK(has_code(denied, code::weak_password));
        wire::resume forged;
        forged.token = "prt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        co_await mallory.send(forged);
        denied = co_await mallory.receive<wire::denied>();
        CHECK(has_code(denied, code::invalid_token));
        auto closed = co_await mallory.receives_closing(code::too_many_attempts);
        CHECK(closed);
    });
}

TEST_CASE("a request of another access mode is not supported before or after access")
{
    server_fixture fixture{with_access(mode::identify)};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.greeted();
        auto const request = login_request("Alice");
        co_await client.send(request);
        auto denied = co_await client.receive<wire::denied>();
        CHECK(has_code(denied, code::not_supported));
        wire::identify named;
        named.name = "Alice";
        co_await client.send(named);
        co_await client.receive<wire::granted>();
        co_await client.send(request);
        denied = co_await client.receive<wire::denied>();
        CHECK(has_code(denied, code::not_supported));
        co_await client.send(wire::list_sessions{});
        denied = co_await client.receive<wire::denied>();
        CHECK(has_code(denied, code::not_supported));
    });
}

TEST_CASE("a login may be followed by a large text without waiting")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.greeted();
        alice.queue(registration("Alice"));
        std::string const large(100'000, 'x');
        wire::text text;
        text.body = large;
        alice.queue(text);
        co_await alice.flush();
        co_await alice.receive<wire::granted>();
        auto echo = co_await alice.receive<wire::text>();
        CHECK(echo.body == large);
    });
}
