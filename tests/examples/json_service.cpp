// Requests and replies in JSON, and a tick every second on the same connection: json_service PORT DATA_DIR [SECONDS]
// A client that sends no request for SECONDS (60) is closed.
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <porter/server.hpp>

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
using nlohmann::json;

json reply_to(std::string const& text)
{
    auto const request = json::parse(text, nullptr, false);
    try {
        if (request.at("op") == "add")
            return {{"result", request.at("a").get<double>() + request.at("b").get<double>()}};
        return {{"error", "unknown op"}};
    } catch (json::exception const& error) {
        return {{"error", error.what()}};
    }
}

porter::task<void> answer_requests(porter::connection& client, std::chrono::milliseconds limit)
{
    for (;;) {
        auto const request = co_await client.receive_text_for(limit);
        if (!request) {
            if (request.error() == porter::receive_errc::timed_out) client.close(porter::code::idle, "no request");
            co_return;
        }
        client.queue(reply_to(*request).dump());
    }
}

porter::task<void> tick(porter::connection& client)
{
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor};
    for (int n = 1;; ++n) {
        timer.expires_after(1s);
        co_await timer.async_wait(porter::use_task);
        json const message{{"tick", n}};
        co_await client.send(message.dump());
    }
}

porter::task<void> serve(porter::connection& client, std::chrono::milliseconds limit)
{
    co_await (answer_requests(client, limit) || tick(client));
}

int main(int argc, char** argv)
{
    if (argc != 3 && argc != 4) return std::cerr << "usage: json_service PORT DATA_DIR [SECONDS]\n", 64;
    asio::io_context io;
    std::chrono::seconds const limit{argc == 4 ? std::stoi(argv[3]) : 60};
    porter::server_options const options{.port = static_cast<std::uint16_t>(std::stoi(argv[1])), .data_dir = argv[2]};
    porter::server server{io, options, [limit](porter::connection& client) { return serve(client, limit); }};
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](auto, int) { server.stop(); });
    std::cout << "listening on " << server.local_endpoint() << std::endl;
    io.run();
}
