// The test of docs/embedding.md, of the service in greeter.cpp: greeter_test. It prints what the service says.
#include <porter/testing.hpp>

#include <iostream>

porter::task<void> greet(porter::connection& client);

int main()
{
    porter::testing::service_test test{greet};
    auto ann = test.connect("Ann");
    auto const welcome = ann.receive();
    ann.send("hello");
    auto const reply = ann.receive();
    ann.close();
    std::cout << welcome << '\n' << reply << std::endl;
    return welcome == "Welcome, Ann!" && reply == "You said: hello" ? 0 : 1;
}

// In a project of your own it is in the file that the program and the test share.
porter::task<void> greet(porter::connection& client)
{
    client.queue("Welcome, " + std::string{client.name()} + "!");
    while (auto const text = co_await client.receive_text()) client.queue("You said: " + *text);
}
