// A server that has lost contact with those that share its store (promise P6).
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
namespace wire = detail::protocol;

namespace {

/// Connections with access are closed at once, or not at all in the time of a test.
detail::server::options with_grace(std::chrono::milliseconds grace,
                                   wire::access_mode mode = wire::access_mode::authenticate)
{
    auto options = with_access(mode);
    options.partition_grace = grace;
    return options;
}

task<bool> is_unavailable(test_client& client)
{
    auto const denied = co_await client.receive<wire::denied>();
    co_return denied.code == static_cast<std::uint16_t>(code::unavailable);
}

}  // namespace

TEST_CASE("a replaced grace holds from the next loss of contact on")
{
    server_fixture fixture{with_grace(1h)};
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        fixture.context.options.publish(with_grace(0ms));
        fixture.server->on_options_changed();
        co_await alice.exchange("still here");
        fixture.store.set_partitioned(true);
        auto closed = co_await alice.receives_closing(code::unavailable);
        CHECK(closed);
    });
}

TEST_CASE("a partitioned server keeps its connections and grants no access")
{
    server_fixture fixture{with_grace(1h)};
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto phone = co_await fixture.greeted();
        fixture.store.set_partitioned(true);
        co_await alice.exchange("still here");

        wire::resume resume;
        resume.token = alice.token();
        co_await phone.send(resume);
        auto denied = co_await is_unavailable(phone);
        CHECK(denied);
        auto const verified = fixture.hashes.verified.load();
        co_await phone.send(login_request("Alice"));
        denied = co_await is_unavailable(phone);
        CHECK(denied);
        co_await phone.send(registration("Bob"));
        denied = co_await is_unavailable(phone);
        CHECK(denied);
        CHECK(fixture.hashes.verified == verified);
        CHECK(fixture.log.count("partitioned") == 1);

        fixture.store.set_partitioned(false);
        co_await phone.resume(alice.token());
        co_await phone.exchange("and here");
        co_await alice.exchange("still here");
        CHECK(fixture.log.count("rejoined") == 1);
    });
}

TEST_CASE("a partitioned server answers no request about the account")
{
    server_fixture fixture{with_grace(1h)};
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        fixture.store.set_partitioned(true);
        auto const verified = fixture.hashes.verified.load();
        wire::change_password change;
        change.current = "a wrong one that would be denied";
        change.new_password = "four words are better";
        co_await alice.send(change);
        auto denied = co_await is_unavailable(alice);
        CHECK(denied);
        CHECK(fixture.hashes.verified == verified);
        co_await alice.send(wire::list_sessions{});
        denied = co_await is_unavailable(alice);
        CHECK(denied);
        co_await alice.send(wire::revoke_session{});
        denied = co_await is_unavailable(alice);
        CHECK(denied);
        co_await alice.send(wire::logout{});
        denied = co_await is_unavailable(alice);
        CHECK(denied);
        co_await alice.exchange("still here");
    });
}

TEST_CASE("a password that is found wrong after the partition began is not denied as wrong")
{
    server_fixture fixture{with_grace(1h)};
    fixture.run([&]() -> task<void> {
        co_await fixture.registered("Alice");
        auto phone = co_await fixture.greeted();
        fixture.hashes.held = true;
        auto const verified = fixture.hashes.verified.load();
        wire::login login{"Alice", "not her password"};
        co_await phone.send(login);
        while (fixture.hashes.verified == verified) co_await yield();
        fixture.store.set_partitioned(true);
        fixture.hashes.held = false;
        fixture.hashes.held.notify_all();
        auto const denied = co_await is_unavailable(phone);
        CHECK(denied);
    });
}

TEST_CASE("without a grace a partitioned server closes its connections at once")
{
    server_fixture fixture{with_grace(0s), detail::services::echo, 2};
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto bob = co_await fixture.registered("Bob");
        auto phone = co_await fixture.greeted();
        fixture.store.set_partitioned(true);
        auto ended = co_await alice.receives_closing(code::unavailable);
        CHECK(ended);
        ended = co_await bob.receives_closing(code::unavailable);
        CHECK(ended);
        // It has no access that could be out of date.
        fixture.store.set_partitioned(false);
        co_await phone.resume(alice.token());
        co_await phone.exchange("here again");
    });
}

TEST_CASE("a partitioned server closes its connections after the grace")
{
    server_fixture fixture{with_grace(20ms)};
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        fixture.store.set_partitioned(true);
        auto const ended = co_await alice.receives_closing(code::unavailable);
        CHECK(ended);
    });
}

TEST_CASE("a login that began before the partition gets no access")
{
    server_fixture fixture{with_grace(1h)};
    fixture.run([&]() -> task<void> {
        co_await fixture.registered("Alice");
        auto phone = co_await fixture.greeted();
        fixture.hashes.held = true;
        auto const verified = fixture.hashes.verified.load();
        co_await phone.send(login_request("Alice"));
        while (fixture.hashes.verified == verified) co_await yield();
        fixture.store.set_partitioned(true);
        fixture.hashes.held = false;
        fixture.hashes.held.notify_all();
        auto const denied = co_await is_unavailable(phone);
        CHECK(denied);
        fixture.store.set_partitioned(false);
        co_await phone.log_in("Alice");
    });
}

TEST_CASE("a server that starts partitioned grants no access")
{
    server_fixture fixture{with_grace(1h)};
    fixture.server.reset();
    fixture.store.set_partitioned(true);
    fixture.server = std::make_unique<detail::server::tcp_server>(fixture.io, 1, fixture.context);
    auto acceptors = detail::server::listen_on(fixture.io, {"127.0.0.1"}, 0, 1);
    fixture.endpoint = acceptors.front().local_endpoint();
    fixture.server->add(std::move(acceptors.front()));
    fixture.server->start();
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.greeted();
        co_await alice.send(registration("Alice"));
        auto const denied = co_await is_unavailable(alice);
        CHECK(denied);
        CHECK(fixture.log.count("partitioned") == 1);
    });
}

TEST_CASE("a partitioned server takes no name for an address")
{
    server_fixture fixture{with_grace(1h, wire::access_mode::identify)};
    fixture.run([&]() -> task<void> {
        wire::identify identify;
        identify.name = "Alice";
        auto alice = co_await fixture.greeted();
        co_await alice.send(identify);
        co_await alice.receive_access();
        fixture.store.set_partitioned(true);
        auto again = co_await fixture.connected();
        auto const welcome = co_await again.greet();
        CHECK(welcome.known_as.empty());  // the store, which knows the address, is not asked
        co_await again.send(identify);
        auto const denied = co_await is_unavailable(again);
        CHECK(denied);
        co_await alice.send(identify);  // another name
        auto const renamed = co_await is_unavailable(alice);
        CHECK(renamed);
        fixture.store.set_partitioned(false);
        co_await again.send(identify);
        co_await again.receive_access();
    });
}

TEST_CASE("open access goes on in a partitioned server")
{
    server_fixture fixture{with_grace(0s, wire::access_mode::open)};
    fixture.run([&]() -> task<void> {
        auto first = co_await fixture.admitted();
        fixture.store.set_partitioned(true);
        auto second = co_await fixture.admitted();
        co_await first.exchange("still here");
        co_await second.exchange("here, too");
    });
}
