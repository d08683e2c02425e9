// A client that stays connected: bot PORT NAME PASSWORD. It greets each member that arrives in the chat of chat.cpp. It
// registers once, then resumes its session whenever the connection is lost, and leaves on SIGINT or SIGTERM.
#include <asio/co_spawn.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/signal_set.hpp>
#include <iostream>
#include <porter/persistent_client.hpp>

using namespace asio::experimental::awaitable_operators;

/// Greets members until the client stops for good.
porter::task<> greet(porter::persistent_client& robo)
{
    std::string_view const arrival = " has arrived";
    while (auto const line = co_await robo.receive_text()) {
        if (!line->starts_with("* ") || !line->ends_with(arrival)) continue;
        auto const name = line->substr(2, line->size() - 2 - arrival.size());
        auto const sent = co_await robo.send("Welcome, " + name + "!");
        if (!sent) std::cerr << "not greeted: " << describe(sent.error()) << std::endl;
    }
}

porter::task<> run(std::uint16_t port, porter::persistent_client_options options)
{
    auto const executor = co_await asio::this_coro::executor;
    asio::signal_set signals{executor, SIGINT, SIGTERM};
    porter::persistent_client robo{executor, "localhost", port, std::move(options)};
    co_await (greet(robo) || signals.async_wait(porter::use_task));
    co_await robo.close();
    std::cout << describe(*robo.ended()) << std::endl;
}

int main(int argc, char** argv)
{
    if (argc != 4) return std::cerr << "usage: bot PORT NAME PASSWORD\n", 64;
    porter::persistent_client_options options{.name = argv[2], .password = argv[3], .register_account = true};
    options.connection.host_key_policy = porter::host_key_policy::accept_new;
    options.on_state = [](porter::client_state const& state) {
        if (state.phase == porter::client_phase::connected) std::cout << "connection " << state.connection << std::endl;
    };
    asio::io_context io;
    auto rethrow = [](std::exception_ptr defect) { defect ? std::rethrow_exception(defect) : void(); };
    asio::co_spawn(io, run(static_cast<std::uint16_t>(std::stoi(argv[1])), std::move(options)), rethrow);
    io.run();
}
