// An echo server with accounts, passwords and sessions: authenticated_echo PORT DATA_DIR
#include <asio/signal_set.hpp>
#include <iostream>
#include <porter/server.hpp>

porter::task<void> echo(porter::connection& client)
{
    while (auto messages = co_await client.receive_some())
        for (auto const& message : *messages) client.queue(message);
}

int main(int argc, char** argv)
{
    if (argc != 3) return std::cerr << "usage: authenticated_echo PORT DATA_DIR\n", 64;
    asio::io_context io;
    porter::server server{io, {.port = static_cast<std::uint16_t>(std::stoi(argv[1])), .data_dir = argv[2]}, echo};
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](auto, int) { server.stop(); });
    std::cout << "listening on " << server.local_endpoint() << std::endl;
    io.run();
}
