// A service and scripted clients in one thread: porter::testing::service_test.
#include "porter/testing/service_test.hpp"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <cctype>
#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/awaitable_operators.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace porter::detail::base::awaitable_operators;
using porter::code;
using porter::testing::service_test;
using porter::testing::test_error;
using porter::testing::test_options;

namespace {

porter::task<void> shout(porter::connection& client)
{
    while (auto text = co_await client.receive_text()) {
        for (char& c : *text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        client.queue(std::string{client.name()} + ": " + *text);
    }
}

/// Passes each text on to all that are connected.
class channel {
public:
    porter::task<void> serve(porter::connection& client)
    {
        std::string const name{client.name()};
        members_.insert_or_assign(name, client.outbox());
        while (auto text = co_await client.receive_text()) {
            for (auto const& [other, outbox] : members_) outbox.post(name + ": " + *text);
        }
        members_.erase(name);
    }

    std::size_t size() const { return members_.size(); }

private:
    std::map<std::string, porter::outbox> members_;
};

porter::task<void> take_anything(porter::connection& client)
{
    while (auto message = co_await client.receive()) client.queue(*message);
}

porter::task<void> fail_at_once(porter::connection& client)
{
    auto const text = co_await client.receive_text();
    throw std::runtime_error{"the service does not like " + text.value_or("the end")};
}

porter::task<void> wait_without_receiving(porter::connection& client)
{
    client.queue("waiting");
    co_await client.flush();
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor, 1h};
    co_await timer.async_wait(porter::use_task);
}

porter::task<void> close_when_told(porter::connection& client)
{
    auto const text = co_await client.receive_text();
    if (text == "return") co_return;
    client.queue("goodbye");
    client.close(code::slow_consumer, "told to");
    co_await client.receive();
}

/// Asks for a word after each 5 ms of silence, three times.
porter::task<void> remind(porter::connection& client)
{
    for (int reminders = 0; reminders < 3;) {
        auto const text = co_await client.receive_text_for(5ms);
        if (text) {
            client.queue("thanks");
        } else if (text.error() == porter::receive_errc::ended) {
            co_return;
        } else {
            ++reminders;
            client.queue("anyone?");
        }
    }
    client.close(code::idle, "silent");
}

/// The message of the test_error that the call ends with.
template <typename Call>
std::string message_of(Call call)
{
    try {
        call();
    } catch (test_error const& failed) {
        return failed.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("a service answers a scripted client")
{
    service_test test{shout};
    auto alice = test.connect("Alice");
    alice.send("hello");
    CHECK(alice.receive() == "Alice: HELLO");
    alice.send("one");
    alice.send("two");
    CHECK(alice.receive() == "Alice: ONE");
    CHECK(alice.receive() == "Alice: TWO");
    CHECK_FALSE(alice.is_finished());
    alice.close();
    CHECK(alice.is_finished());
}

TEST_CASE("clients of one service receive the texts of each other")
{
    channel chat;
    service_test test{[&](porter::connection& client) { return chat.serve(client); }};
    auto alice = test.connect("Alice");
    auto bob = test.connect("Bob");
    auto carol = test.connect("Carol");
    bob.send("hi");
    CHECK(alice.receive() == "Bob: hi");
    CHECK(bob.receive() == "Bob: hi");
    CHECK(carol.receive() == "Bob: hi");
    carol.close();
    alice.send("only two of us");
    CHECK(bob.receive() == "Alice: only two of us");
    CHECK_FALSE(bob.has_message());
    bob.drop();
    test.wait_until([&] { return chat.size() == 1; }, "Bob to leave");
}

TEST_CASE("a hundred clients take no time worth noticing")
{
    channel chat;
    service_test test{[&](porter::connection& client) { return chat.serve(client); }};
    std::vector<service_test::client> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(test.connect("User " + std::to_string(i)));
    clients.front().send("all");
    for (auto& each : clients) CHECK(each.receive() == "User 0: all");
}

TEST_CASE("a test sends and receives both kinds of messages")
{
    service_test test{take_anything};
    auto alice = test.connect();
    alice.send_data(std::string_view{"\0\xff", 2});
    alice.send("");
    CHECK(alice.receive_data() == std::string_view{"\0\xff", 2});
    CHECK(alice.receive().empty());
    alice.send_data("abc");
    CHECK(message_of([&] { alice.receive(); }) == "Alice waited for a text, but received data: abc");
}

TEST_CASE("data for a service of texts is denied")
{
    service_test test{shout};
    auto alice = test.connect();
    alice.send_data("abc");
    CHECK(alice.receive_denial().code == code::not_supported);
    alice.send("x");
    CHECK(alice.receive() == "Alice: X");
}

TEST_CASE("a test sees how the server closed the connection")
{
    service_test test{close_when_told};
    auto alice = test.connect("Alice");
    alice.send("close");
    auto const told = alice.receive_close();
    CHECK(told.code == code::slow_consumer);
    CHECK(told.reason == "told to");
    CHECK(message_of([&] { alice.receive(); }) ==
          "Alice waited for a text, but the connection has ended: slow_consumer: told to");
    auto bob = test.connect("Bob");
    bob.send("return");
    CHECK(bob.receive_close().code == code::normal);
}

TEST_CASE("a deadline of a service is a few milliseconds of a test")
{
    service_test test{remind};
    auto alice = test.connect();
    CHECK(alice.receive() == "anyone?");
    alice.send("here");
    while (alice.receive() != "thanks") continue;
    CHECK(alice.receive_close().code == code::idle);
}

TEST_CASE("the exception of a service is thrown by the next call")
{
    service_test test{fail_at_once};
    auto alice = test.connect("Alice");
    alice.send("cheese");
    CHECK_THROWS_WITH(alice.receive(), "the service does not like cheese");
    CHECK(alice.receive_close().code == code::internal);
}

TEST_CASE("the exception of one service is thrown to the client of another one")
{
    service_test test{
        [](porter::connection& client) { return client.name() == "Bob" ? fail_at_once(client) : shout(client); }};
    auto alice = test.connect("Alice");
    auto bob = test.connect("Bob");
    bob.send("music");
    CHECK_THROWS_WITH(alice.ping(), "the service does not like music");
    alice.close();
}

TEST_CASE("the exception of a service that nothing waited for is thrown at the end")
{
    auto const forget = [] {
        service_test test{fail_at_once};
        auto alice = test.connect();
        alice.send("rain");
    };
    CHECK_THROWS_WITH(forget(), "the service does not like rain");
}

TEST_CASE("the exception of one side of an operator is thrown as itself")
{
    auto const service = [](porter::connection& client) -> porter::task<void> {
        auto either = fail_at_once(client) || wait_without_receiving(client);
        co_await std::move(either);
    };
    service_test test{service};
    auto alice = test.connect();
    alice.send("operators");
    CHECK(alice.receive() == "waiting");
    test.run_ready();
    test.server().stop();
    CHECK_THROWS_WITH(alice.receive_close(), "the service does not like operators");
}

TEST_CASE("a wait that the end of the server cancels is no exception of the service")
{
    service_test test{wait_without_receiving};
    auto alice = test.connect();
    CHECK(alice.receive() == "waiting");
    test.server().stop();
    CHECK(alice.receive_close().code == code::shutting_down);
}

TEST_CASE("a call that waits too long says what it waited for")
{
    service_test test{wait_without_receiving};
    auto alice = test.connect("Alice");
    CHECK(alice.receive() == "waiting");
    test.set_limit(std::chrono::milliseconds{20});
    CHECK(message_of([&] { alice.receive(); }) == "waited 20 ms for a text for Alice");
    CHECK(message_of([&] { alice.ping(); }) == "waited 20 ms for the pong for Alice");
    CHECK(message_of([&] { alice.close(); }) == "waited 20 ms for the service of Alice to return");
    CHECK(message_of([&] { test.wait_until([] { return false; }, "rain"); }) == "waited 20 ms for rain");
}

TEST_CASE("after a pong a service has been given all that was sent before")
{
    std::vector<std::string> received;
    service_test test{[&](porter::connection& client) -> porter::task<void> {
        while (auto text = co_await client.receive_text()) received.push_back(*text);
    }};
    auto alice = test.connect();
    for (auto const* each : {"a", "b", "c"}) alice.send(each);
    alice.ping("are you there");
    CHECK(received == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("output waits for a client that does not read")
{
    std::string const large(900'000, 'x');
    bool was_sent = false;
    service_test test{[&](porter::connection& client) -> porter::task<void> {
        co_await client.send(large);
        was_sent = true;
    }};
    auto alice = test.connect();
    test.run_ready();
    CHECK_FALSE(was_sent);
    CHECK(alice.receive() == large);
    CHECK(alice.receive_close().code == code::normal);
    CHECK(was_sent);
}

TEST_CASE("input waits for a service that does not read")
{
    service_test test{take_anything};
    auto alice = test.connect();
    std::string const large(900'000, 'x');
    alice.send(large);
    CHECK(alice.receive() == large);
}

TEST_CASE("a session of a scripted client expires by the manual clock")
{
    service_test test{shout, test_options(porter::access::authenticate)};
    auto alice = test.connect("Alice");
    auto again = test.connect("Alice");
    CHECK(alice.session() != 0);
    CHECK(again.session() != alice.session());
    test.advance(std::chrono::days{29});
    alice.send("still");
    CHECK(alice.receive() == "Alice: STILL");
    test.advance(std::chrono::days{2});
    CHECK(alice.receive_close().code == code::session_ended);
}

TEST_CASE("an access that is denied is a test_error with the reason")
{
    service_test test{shout, test_options(porter::access::authenticate)};
    test.server().store().set_unavailable(true);
    CHECK(message_of([&] { test.connect("Alice"); }).starts_with("access for Alice was denied: unavailable"));
    test.server().store().set_unavailable(false);
    CHECK(message_of([&] { test.connect("\n"); }).starts_with("access for \n was denied: invalid_name"));
    CHECK(test.connect("Alice").name() == "Alice");
    CHECK_THROWS_AS(test.connect("Alice", "nowhere"), std::invalid_argument);
}

TEST_CASE("a known address is granted access under its name")
{
    service_test test{shout};
    test.connect("Alice", "192.0.2.1");
    CHECK(test.connect("Bob", "192.0.2.1").name() == "Alice");
    service_test open{shout, test_options(porter::access::open)};
    CHECK(open.connect("Alice").name().empty());
}

TEST_CASE("a service on two threads is tested as one on one")
{
    auto options = test_options(porter::access::identify);
    options.threads = 2;
    service_test test{shout, options};
    std::vector<service_test::client> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(test.connect("User"));
    for (auto& each : clients) each.send("x");
    for (auto& each : clients) CHECK(each.receive() == "User: X");
    for (auto& each : clients) each.close();
}

TEST_CASE("a test without a service is rejected")
{
    CHECK_THROWS_AS(service_test{porter::service{}}, std::invalid_argument);
}
