// A service under test, without network, disk or passwords: unit_test. It prints what fails.
#include <cctype>
#include <iostream>
#include <porter/testing.hpp>

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

int main()
{
    test_replies();
    test_an_expired_session();
    std::cout << (failures == 0 ? "all tests passed" : "some tests failed") << std::endl;
    return failures == 0 ? 0 : 1;
}
