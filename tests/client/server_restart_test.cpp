// A persistent client and a server that is restarted: two servers with one store, one after the other on one port.

#include <memory>
#include <string>
#include <vector>

#include "client/persistent_connection.hpp"
#include "porter/persistent_client.hpp"
#include "porter/server.hpp"
#include "porter/testing/manual_clock.hpp"
#include "porter/testing/memory_store.hpp"
#include "porter/testing/recording_log.hpp"
#include "porter/testing/server.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"
#include "support/state_folder.hpp"

using porter::client_phase;
using porter::client_state;
using porter::persistent_client;
using porter::task;
using namespace porter::testing;

namespace {

task<void> echo(porter::connection& client)
{
    while (auto const message = co_await client.receive()) client.queue(*message);
}

/// Servers with one store.
class restart_fixture {
public:
    void start_server()
    {
        auto options = test_options();
        options.port = port_;
        porter::server_parts const parts{.logger = &log, .clock = &clock, .store = store.ports()};
        servers_.push_back(std::make_unique<porter::server>(io, options, echo, parts));
        port_ = servers_.back()->local_endpoint().port();
    }

    task<void> stop_server()
    {
        servers_.back()->stop();
        while (servers_.back()->connection_count() > 0) co_await yield();
    }

    persistent_client start_client()
    {
        using namespace porter::detail::client;
        porter::persistent_client_options options;
        options.connection = porter::testing::server::client_options();
        options.name = "Robo";
        options.password = "four quiet lanterns";
        options.register_account = true;
        options.sessions_file = folder.file("sessions");
        persistent_environment environment;
        environment.pause = [](std::chrono::milliseconds) { return yield(); };
        environment.now = [this] { return clock.now(); };
        return persistent_connection::start(std::make_shared<persistent_connection>(
            io.get_executor(), "127.0.0.1", port_, std::move(options), std::move(environment)));
    }

    asio::io_context io;
    manual_clock clock;
    recording_log log;
    memory_store store;
    state_folder folder;

private:
    std::uint16_t port_ = 0;
    std::vector<std::unique_ptr<porter::server>> servers_;
};

task<void> exchange(persistent_client& client, std::string text)
{
    auto sent = co_await client.send(text);
    REQUIRE(sent);
    auto echoed = co_await client.receive_text();
    CHECK(echoed == text);
}

task<void> run_over_restarts(restart_fixture& fixture)
{
    auto client = fixture.start_client();
    co_await exchange(client, "before");
    CHECK_FALSE(client.state().resumed);
    for (std::uint64_t restarts = 1; restarts <= 3; ++restarts) {
        co_await fixture.stop_server();
        fixture.start_server();
        while (client.state().connection <= restarts) co_await yield();
        co_await exchange(client, "after");
        CHECK(client.state().phase == client_phase::connected);
        CHECK(client.state().resumed);
        CHECK(client.state().connection == restarts + 1);
    }
    co_await client.close();
}

}  // namespace

TEST_CASE("a persistent client resumes its session after the server was restarted")
{
    restart_fixture fixture;
    fixture.start_server();
    run(fixture.io, run_over_restarts(fixture));
    CHECK(fixture.log.count("registered") == 1);
    CHECK(fixture.log.count("session_resumed") == 3);
}
