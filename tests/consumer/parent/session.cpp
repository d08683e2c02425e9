// An echo server and its client in one program: an account is registered over TLS, and a text comes back.
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <cstdio>
#include <filesystem>
#include <porter/client.hpp>
#include <porter/server.hpp>

namespace {

porter::task<> exchange(porter::server& server, std::filesystem::path folder, std::string& received)
{
    porter::client_options options{.host_key_policy = porter::host_key_policy::accept_new,
                                   .known_servers = folder / "known_servers"};
    auto client = co_await porter::client::connect("localhost", server.local_endpoint().port(), options);
    if (!client) throw std::runtime_error(describe(client.error()));
    auto access = co_await client->register_account("Alice", "four quiet lanterns");
    if (!access) throw std::runtime_error(describe(access.error()));
    auto const sent = co_await client->send("hello");
    if (!sent) throw std::runtime_error{"the client cannot send"};
    auto reply = co_await client->receive_text();
    if (reply) received = *reply;
    co_await client->close();
    server.stop();
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2) return std::puts("usage: session FOLDER"), 64;
    std::filesystem::path const folder = argv[1];
    asio::io_context io;
    porter::server server{io, {.port = 0, .data_dir = folder / "data"}};
    std::string received;
    auto rethrow = [](std::exception_ptr error) { error ? std::rethrow_exception(error) : void(); };
    asio::co_spawn(io, exchange(server, folder, received), rethrow);
    io.run();
    if (received != "hello") return std::puts("the text differs"), 1;
    std::puts("ok");
}
