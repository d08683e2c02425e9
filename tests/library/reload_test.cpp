// porter::server::reload() and probe(): options and threads of a server that runs.

#include <asio/co_spawn.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>

#include "porter/client.hpp"
#include "porter/server.hpp"
#include "porter/testing/server.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"
#include "support/server_clients.hpp"
#include "support/temporary_folder.hpp"

using porter::code;
using porter::connection;
using porter::task;
using porter::testing::connected;
using porter::testing::ignore;
using porter::testing::run;
using porter::testing::test_options;

namespace {

/// The code of the answer to a registration; normal: it was granted.
task<code> registration(porter::testing::server& server, std::string name)
{
    auto client = co_await connected(server);
    auto granted = co_await client.register_account(name, "a horse on a staple");
    co_return granted ? code::normal : granted.error().code;
}

}  // namespace

TEST_CASE("a reload applies what can change and ignores the rest")
{
    asio::io_context io;
    porter::testing::server server{io, ignore};
    CHECK(run(io, registration(server, "Alice")) == code::normal);
    auto changed = test_options();
    changed.registration = porter::registration_mode::closed;
    changed.max_frame = 4096;
    changed.access = porter::access::open;
    changed.port = 1;
    server.reload(changed);
    CHECK(run(io, registration(server, "Bob")) == code::registration_closed);
    auto const port = server.port();
    server.reload(test_options());
    CHECK(server.port() == port);
    CHECK(run(io, registration(server, "Bob")) == code::normal);
}

TEST_CASE("a reload with an invalid value or file changes nothing")
{
    asio::io_context io;
    porter::testing::server server{io, ignore};
    auto changed = test_options();
    changed.registration = porter::registration_mode::closed;
    auto wrong = changed;
    wrong.min_password_length = 3;
    CHECK_THROWS_AS(server.reload(wrong), porter::start_error);
    wrong = changed;
    wrong.password_list = "/nonexistent";
    CHECK_THROWS_AS(server.reload(wrong), porter::start_error);
    wrong = changed;
    wrong.proxy_from = {"nowhere"};
    CHECK_THROWS_AS(server.reload(wrong), porter::start_error);
    CHECK(run(io, registration(server, "Alice")) == code::normal);
}

TEST_CASE("a reload changes the level of the log file")
{
    porter::testing::temporary_folder const folder;
    auto options = test_options(porter::access::open);
    options.data_dir = folder.path();
    {
        asio::io_context io;
        porter::server server{io, options, ignore};
        server.log().debug("unseen");
        options.log_level = porter::log_level::debug;
        server.reload(options);
        server.log().debug("seen");
        options.log_level = porter::log_level::error;
        server.reload(options);
        server.log().warn("not_important");
    }
    std::ifstream file{folder.path() / "porterd.log"};
    std::string const text{std::istreambuf_iterator<char>{file}, {}};
    CHECK(text.find("debug seen") != std::string::npos);
    CHECK(text.find("unseen") == std::string::npos);
    CHECK(text.find("not_important") == std::string::npos);
}

TEST_CASE("options are replaced while other threads use them")
{
    asio::io_context io;
    auto options = test_options();
    options.threads = 3;
    options.max_registrations_per_address = 0;
    porter::testing::server server{io, ignore, options};
    auto const use = [](porter::testing::server& tested, porter::server_options changed) -> task<void> {
        for (int i = 0; i < 12; ++i) {
            changed.session_ttl += std::chrono::seconds{1};
            changed.idle_timeout = std::chrono::minutes{1 + i};
            changed.max_connections += 1;
            changed.min_password_length = 8 + static_cast<std::size_t>(i % 2);
            tested.reload(changed);
            auto const answer = co_await registration(tested, "user " + std::to_string(i));
            CHECK(answer == code::normal);
        }
    };
    run(io, use(server, options));
}

TEST_CASE("a probe completes when each thread and the store have answered")
{
    asio::io_context io;
    auto options = test_options(porter::access::open);
    options.threads = 3;
    porter::testing::server server{io, ignore, options};
    run(io, server.probe());
    server.store().set_unavailable(true);
    run(io, server.probe());
}

TEST_CASE("a thread that hangs keeps a probe from completing")
{
    asio::io_context io;
    std::promise<void> entered;
    std::promise<void> released;
    auto const hang = [&](connection&) -> task<void> {
        entered.set_value();
        released.get_future().wait();
        co_return;
    };
    auto options = test_options(porter::access::open);
    options.threads = 2;  // the first connection gets the second thread
    porter::testing::server server{io, hang, options};
    auto const client = run(io, connected(server));
    entered.get_future().wait();

    bool has_answered = false;
    io.restart();
    asio::co_spawn(io, server.probe(), [&](std::exception_ptr escaped) {
        CHECK(!escaped);
        has_answered = true;
    });
    for (int i = 0; i < 100; ++i) io.poll();
    CHECK_FALSE(has_answered);
    released.set_value();
    while (!has_answered) io.run_one();
}
