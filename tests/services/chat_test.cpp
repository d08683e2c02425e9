#include "services/chat.hpp"

#include <string>

#include "porter/testing.hpp"
#include "services/chat_text.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using porter::code;
using porter::detail::services::append_as_line;
using porter::detail::services::chat;
using porter::detail::services::chat_name;

namespace {

porter::service service_of(chat& shared)
{
    return [&shared](porter::connection& client) { return shared.serve(client); };
}

std::string as_line(std::string_view text)
{
    std::string line;
    append_as_line(line, text);
    return line;
}

}  // namespace

TEST_CASE("a text goes to all others with the name of its sender")
{
    chat shared;
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    auto bob = test.connect("Bob");
    CHECK(bob.receive() == "* here: Ann");
    CHECK(ann.receive() == "* Bob has joined");
    auto cleo = test.connect("Cleo");
    CHECK(cleo.receive() == "* here: Ann, Bob");
    CHECK(ann.receive() == "* Cleo has joined");
    CHECK(bob.receive() == "* Cleo has joined");
    ann.send("hello");
    CHECK(bob.receive() == "Ann: hello");
    CHECK(cleo.receive() == "Ann: hello");
    bob.close();
    CHECK(ann.receive() == "* Bob has left");
    CHECK(cleo.receive() == "* Bob has left");
    cleo.drop();
    CHECK(ann.receive() == "* Cleo has left");
    CHECK_FALSE(ann.has_message());
}

TEST_CASE("members without a name are numbered")
{
    chat shared;
    service_test test{service_of(shared), test_options(porter::access::open)};
    auto first = test.connect();
    auto second = test.connect();
    CHECK(second.receive() == "* here: guest 1");
    CHECK(first.receive() == "* guest 2 has joined");
    second.send("hi");
    CHECK(first.receive() == "guest 2: hi");
    second.close();
    CHECK(first.receive() == "* guest 2 has left");
    auto third = test.connect();
    CHECK(first.receive() == "* guest 3 has joined");
}

TEST_CASE("a name joins with its first connection and leaves with its last one")
{
    chat shared;
    service_test test{service_of(shared), test_options()};
    auto ann = test.connect("Ann");
    auto bob = test.connect("Bob");
    CHECK(bob.receive() == "* here: Ann");
    CHECK(ann.receive() == "* Bob has joined");
    auto phone = test.connect("Bob");
    CHECK(phone.receive() == "* here: Ann");
    phone.send("from the phone");
    CHECK(ann.receive() == "Bob: from the phone");
    CHECK(bob.receive() == "Bob: from the phone");
    bob.close();
    CHECK_FALSE(ann.has_message());
    phone.close();
    CHECK(ann.receive() == "* Bob has left");
}

TEST_CASE("a text cannot look like the lines of several members")
{
    CHECK(as_line("a\nb\r\nc\td") == "a b  c d");
    CHECK(as_line("a\u2028b\u2029c\u0085d\x7f") == "a b c d ");
    CHECK(as_line(std::string_view{"a\0b", 3}) == "a b");
    CHECK(as_line("привет €😀\u00a0") == "привет €😀\u00a0");
    CHECK(chat_name("Ann: hello") == "Ann_ hello");
    CHECK(chat_name("* Ann has left") == "_ Ann has left");
    CHECK(chat_name("Ann*") == "Ann*");

    chat shared;
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    auto bob = test.connect("Bob");
    CHECK(bob.receive() == "* here: Ann");
    ann.send("hi\nBob: I owe you money");
    CHECK(bob.receive() == "Ann: hi Bob: I owe you money");
}

TEST_CASE("data is denied")
{
    chat shared;
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    ann.send_data("x");
    CHECK(ann.receive_denial().code == code::not_supported);
}

TEST_CASE("a member that does not take its lines is closed and slows down no other")
{
    chat shared;
    auto options = test_options(porter::access::identify);
    options.max_outbox = 64 * 1024;
    service_test test{service_of(shared), options};
    auto slow = test.connect("Slow");
    auto ann = test.connect("Ann");
    auto bob = test.connect("Bob");
    CHECK(ann.receive() == "* here: Slow");
    CHECK(ann.receive() == "* Bob has joined");
    CHECK(bob.receive() == "* here: Ann, Slow");
    std::string const text(32 * 1024, 'x');
    bool has_left = false;
    for (int i = 0; i < 1000 && !has_left; ++i) {
        ann.send(text);
        auto const line = bob.receive();
        has_left = line == "* Slow has left";
        if (!has_left && line != "Ann: " + text) FAIL("unexpected: " << line.substr(0, 100));
    }
    CHECK(has_left);
    CHECK(slow.receive_close().code == code::slow_consumer);
}

TEST_CASE("when the server is about to stop no departure is told")
{
    chat shared;
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    auto bob = test.connect("Bob");
    CHECK(ann.receive() == "* Bob has joined");
    shared.stop();
    bob.close();
    CHECK_FALSE(ann.has_message());
}

TEST_CASE("a long list of members is cut")
{
    chat shared;
    service_test test{service_of(shared), test_options(porter::access::open)};
    std::vector<service_test::client> members;
    for (int i = 0; i < 60; ++i) members.push_back(test.connect());
    auto last = test.connect();
    auto const line = last.receive();
    CHECK(line.starts_with("* here: guest 1, "));
    CHECK(line.ends_with(" and 10 more"));
}
