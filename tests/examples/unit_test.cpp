// A service under test, without network, disk or passwords: unit_test. It prints what fails.
#include <porter/testing.hpp>

#include <cctype>
#include <iostream>

using namespace std::chrono_literals;

/// Asks for a word and says it loudly.
porter::task<void> shout(porter::connection& client)
{
    client.queue(std::string{client.name()} + ", say something!");
    while (auto text = co_await client.receive_text()) {
        if (*text == "bye") break;
        for (char& c : *text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        client.queue(*text);
    }
}

/// Asks once, and closes the connection of a client that does not answer within `limit`.
porter::task<void> ask(porter::connection& client, std::chrono::milliseconds limit)
{
    client.queue("Are you there?");
    auto const answer = co_await client.receive_text_for(limit);
    if (!answer && answer.error() == porter::receive_errc::timed_out) client.close(porter::code::idle, "no answer");
}

int failures = 0;

void expect(bool condition, char const* sentence)
{
    if (condition) return;
    std::cerr << "failed: " << sentence << '\n';
    ++failures;
}

void test_replies()
{
    porter::testing::service_test test{shout};
    auto ann = test.connect("Ann");
    expect(ann.receive() == "Ann, say something!", "a client is asked by its name");
    ann.send("hello");
    expect(ann.receive() == "HELLO", "a text is said loudly");
    ann.send("bye");
    expect(ann.receive_close().code == porter::code::normal, "after bye the service closes the connection");
}

void test_an_expired_session()
{
    porter::testing::service_test test{shout, porter::testing::test_options()};  // with accounts, and so with sessions
    auto ann = test.connect("Ann");
    test.advance(std::chrono::days{31});
    expect(ann.receive_close().code == porter::code::session_ended, "an expired session ends the connection");
    expect(ann.is_finished(), "the service returns when the connection has ended");
}

void test_a_client_that_does_not_answer()
{
    porter::testing::service_test test{[](porter::connection& client) { return ask(client, 20ms); }};
    auto ann = test.connect("Ann");
    expect(ann.receive_close().code == porter::code::idle, "a client that does not answer is closed");
}

int main()
{
    test_replies();
    test_an_expired_session();
    test_a_client_that_does_not_answer();
    std::cout << (failures == 0 ? "all tests passed" : "some tests failed") << std::endl;
    return failures == 0 ? 0 : 1;
}
