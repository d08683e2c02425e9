// A client: registers an account, sends a text and prints the reply: client_session PORT NAME PASSWORD
#include <asio/co_spawn.hpp>
#include <iostream>
#include <porter/client.hpp>

porter::task<> run(std::uint16_t port, std::string name, std::string password)
{
    porter::client_options options{.host_key_policy = porter::host_key_policy::accept_new};
    auto client = co_await porter::client::connect("localhost", port, options);
    if (!client) co_return void(std::cerr << describe(client.error()) << '\n');
    auto access = co_await client->register_account(name, password);
    if (!access) co_return void(std::cerr << describe(access.error()) << '\n');
    auto sent = co_await client->send("hello");
    auto reply = co_await client->receive_text();
    if (sent && reply) std::cout << access->name << " sent hello and received " << *reply << std::endl;
    co_await client->close();
}

int main(int argc, char** argv)
{
    if (argc != 4) return std::cerr << "usage: client_session PORT NAME PASSWORD\n", 64;
    asio::io_context io;
    auto const port = static_cast<std::uint16_t>(std::stoi(argv[1]));
    auto rethrow = [](std::exception_ptr defect) { defect ? std::rethrow_exception(defect) : void(); };
    asio::co_spawn(io, run(port, argv[2], argv[3]), rethrow);
    io.run();
}
