// An echo server of whole messages, on message_socket alone. It prints its port. A disconnect sets the `error` of its
// own connection only.

#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <exception>
#include <iostream>

#include "porter/message_socket.hpp"

asio::awaitable<void> echo(porter::message_socket<> client)
{
    for (std::error_code error; !error;) {
        auto const message = co_await client.receive(error);
        if (!error) co_await client.send(message, error);
    }
}

int main()
{
    asio::thread_pool thread{1};
    asio::ip::tcp::acceptor acceptor{thread, {asio::ip::address_v4::loopback(), 0}};
    auto const report = [](std::exception_ptr defect) {
        std::clog << (defect ? "a defect\n" : "a client has disconnected\n");
    };
    std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
    for (;;) asio::co_spawn(thread, echo(porter::message_socket<>{acceptor.accept()}), report);
}
