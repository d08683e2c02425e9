// The service of docs/embedding.md: greeter PORT DATA_DIR
#include <asio/signal_set.hpp>
#include <iostream>
#include <porter/server.hpp>

porter::task<void> greet(porter::connection& client)
{
    client.queue("Welcome, " + std::string{client.name()} + "!");
    while (auto const text = co_await client.receive_text()) client.queue("You said: " + *text);
}

int main(int argc, char** argv)
{
    if (argc != 3) return std::cerr << "usage: my_service PORT DATA_DIR\n", 64;
    asio::io_context io;
    porter::server_options const options{.port = static_cast<std::uint16_t>(std::stoi(argv[1])), .data_dir = argv[2]};
    porter::server server{io, options, greet};
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](auto, int) { server.stop(); });
    std::cout << "listening on " << server.local_endpoint() << std::endl;
    io.run();
}
