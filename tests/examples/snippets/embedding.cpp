// The code of docs/embedding.md that is in no example. It is compiled, not run.
#include <asio/experimental/awaitable_operators.hpp>
using namespace asio::experimental::awaitable_operators;

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <iostream>
#include <porter/client.hpp>
#include <porter/server.hpp>
#include <stdexcept>

using namespace std::chrono_literals;

porter::task<void> greet(porter::connection& client);
porter::task<void> read_requests(porter::connection& client);
porter::task<void> send_news(porter::connection& client);
porter::task<void> send_news_or_close(porter::connection& client);
porter::task<void> ask(porter::connection& client);
porter::task<void> count_down(porter::connection& client);
porter::task<void> follow(porter::connection& client);
porter::task<void> pass_on(porter::connection& client, asio::ip::tcp::socket& source);
porter::task<void> serve_both_ways(porter::connection& client);
porter::task<void> serve_rendered(porter::connection& client, asio::thread_pool& pool);
porter::task<bool> log_in(porter::client& client, std::string name, std::string password);
porter::task<bool> send_lines(porter::outbox member, std::vector<std::string> lines);
void tell(std::vector<porter::outbox> const& members, std::string text);

asio::awaitable<std::string, asio::thread_pool::executor_type> render(std::string request)
{
    std::reverse(request.begin(), request.end());  // as if it took a second
    co_return request;
}

porter::task<void> serve_rendered(porter::connection& client, asio::thread_pool& pool)
{
    while (auto request = co_await client.receive_text()) {
        auto work = render(std::move(*request));
        auto const page = co_await asio::co_spawn(pool, std::move(work), porter::use_task);
        client.queue(page);
    }
}

porter::task<void> count_down(porter::connection& client)
{
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor};
    for (int n = 10; n > 0; --n) {
        auto const is_open = co_await client.send(std::to_string(n));
        if (!is_open) co_return;
        timer.expires_after(1s);
        co_await timer.async_wait(porter::use_task);
    }
}

porter::task<void> pass_on(porter::connection& client, asio::ip::tcp::socket& source)
{
    porter::data_buffer buffer{16 * 1024};
    for (bool is_open = true; is_open;) {
        std::error_code error;
        auto const size =
            co_await source.async_read_some(buffer.asio_buffer(), asio::redirect_error(porter::use_task, error));
        if (error) co_return;
        is_open = co_await client.send(buffer, size);
    }
}

porter::task<void> serve_both_ways(porter::connection& client)
{
    co_await (read_requests(client) || send_news(client));
}

porter::task<void> send_news_or_close(porter::connection& client)
{
    try {
        co_await send_news(client);
    } catch (std::logic_error const& mistake) {
        client.log().error("news_failed", {porter::log_field::quoted("what", mistake.what())});
        client.close(porter::code::internal);
    }
}

porter::task<void> follow(porter::connection& client)
{
    co_await (send_news(client) || client.closed());
}

void tell(std::vector<porter::outbox> const& members, std::string text)
{
    auto const line = std::make_shared<std::string const>(std::move(text));  // one copy for all
    for (auto const& member : members) {
        if (member.post(line) == porter::post_result::full)
            member.close(porter::code::slow_consumer, "too many unread lines");
    }
}

porter::task<bool> send_lines(porter::outbox member, std::vector<std::string> lines)
{
    for (auto const& line : lines) {
        while (member.post(line) == porter::post_result::full) {
            auto const is_open = co_await member.drained();
            if (!is_open) co_return false;
        }
    }
    co_return true;
}

porter::task<void> ask(porter::connection& client)
{
    client.queue("Are you there?");
    auto const answer = co_await client.receive_text_for(10s);
    if (answer) {
        client.queue("Good: " + *answer);
    } else if (answer.error() == porter::receive_errc::timed_out) {
        client.close(porter::code::idle, "no answer");
    }
}

porter::task<bool> log_in(porter::client& client, std::string name, std::string password)
{
    auto const access = co_await client.login(std::move(name), std::move(password));
    if (access) co_return true;
    std::cerr << describe(access.error()) << '\n';
    if (!access.error().is_final()) std::cerr << "try again in " << access.error().retry_after.count() << " s\n";
    co_return false;
}

void run_with_a_log(asio::io_context& io, porter::server_options const& options)
{
    auto const print = [](porter::log_record const& record) { std::clog << porter::to_line(record) << '\n'; };
    porter::callback_logger log{porter::log_level::info, print};
    porter::server server{io, options, greet, {.logger = &log}};
    io.run();
}
