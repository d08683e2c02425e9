// A complete echo server on message_socket and nothing else: each message comes back as it was. A client that goes, in
// order or not, sets its own `gone`, and the others do not notice. It says which port it was given.

#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <exception>
#include <iostream>

#include "porter/message_socket.hpp"

asio::awaitable<void> echo(porter::message_socket<> client)
{
    for (std::error_code gone; !gone;) {
        auto const message = co_await client.receive(gone);
        if (!gone) co_await client.send(message, gone);
    }
}

int main()
{
    asio::thread_pool thread{1};
    asio::ip::tcp::acceptor acceptor{thread, {asio::ip::address_v4::loopback(), 0}};
    auto const report = [](std::exception_ptr defect) { std::clog << (defect ? "a defect\n" : "a client has gone\n"); };
    std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
    for (;;) asio::co_spawn(thread, echo(porter::message_socket<>{acceptor.accept()}), report);
}
