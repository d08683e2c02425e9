// A visitor: makes an account, says hello, hears the answer: visit PORT NAME PASSWORD
#include <asio/co_spawn.hpp>
#include <iostream>
#include <porter/client.hpp>

porter::task<> visit(std::uint16_t port, std::string name, std::string password)
{
    porter::client_options options{.trust = porter::trust::first_use};
    auto door = co_await porter::client::connect("localhost", port, options);
    if (!door) co_return void(std::cerr << describe(door.error()) << '\n');
    auto access = co_await door->register_account(name, password);
    if (!access) co_return void(std::cerr << describe(access.error()) << '\n');
    co_await door->send("hello");
    auto answer = co_await door->receive_text();
    if (answer) std::cout << access->name << " said hello and heard " << *answer << std::endl;
    co_await door->close();
}

int main(int argc, char** argv)
{
    if (argc != 4) return std::cerr << "usage: visit PORT NAME PASSWORD\n", 64;
    asio::io_context io;
    auto const port = static_cast<std::uint16_t>(std::stoi(argv[1]));
    auto rethrow = [](std::exception_ptr defect) { defect ? std::rethrow_exception(defect) : void(); };
    asio::co_spawn(io, visit(port, argv[2], argv[3]), rethrow);
    io.run();
}
