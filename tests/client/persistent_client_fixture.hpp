#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/persistent_connection.hpp"
#include "support/client_scripts.hpp"
#include "support/state_folder.hpp"

namespace porter::testing {

/// What a persistent client needs, with pauses that take no time, and the states and pauses that it had.
class persistent_client_fixture {
public:
    persistent_client_options options()
    {
        persistent_client_options options;
        options.connection = plain();
        options.connection.warn = [this](std::string const& line) { warnings.push_back(line); };
        options.name = "Alice";
        options.password = "right";
        options.sessions_file = folder.file("sessions");
        options.on_state = [this](client_state const& state) { states.push_back(text_of(state)); };
        return options;
    }

    persistent_client start(scripted_server& server, asio::io_context::executor_type executor)
    {
        return start(server, executor, options());
    }

    persistent_client start(scripted_server& server, asio::io_context::executor_type executor,
                            persistent_client_options options, std::shared_ptr<client> first = nullptr)
    {
        using detail::client::persistent_connection;
        auto connection =
            std::make_shared<persistent_connection>(executor, host, server.port(), std::move(options), environment());
        return persistent_connection::start(connection, std::move(first));
    }

    state_folder folder;
    std::vector<std::string> states;
    std::vector<std::chrono::milliseconds> pauses;
    std::vector<std::string> warnings;
    bool is_pausing = false;  // pauses last until they are cancelled
    std::chrono::steady_clock::time_point steady{};
    std::chrono::sys_seconds now{std::chrono::seconds{1000}};  // the session of login_granted expires at 2000

private:
    detail::client::persistent_environment environment()
    {
        detail::client::persistent_environment environment;
        environment.random = [] { return 0.0; };
        environment.pause = [this](std::chrono::milliseconds pause) { return wait(pause); };
        environment.steady = [this] { return steady; };
        environment.now = [this] { return now; };
        return environment;
    }

    task<void> wait(std::chrono::milliseconds pause)
    {
        pauses.push_back(pause);
        if (!is_pausing) co_return;
        auto const executor = co_await asio::this_coro::executor;
        base::steady_timer timer{executor, std::chrono::hours{1}};
        co_await timer.async_wait(base::use_tuple);
    }

    static std::string text_of(client_state const& state)
    {
        auto const number = std::to_string(state.connection);
        switch (state.phase) {
            case client_phase::connecting:
                return "connecting";
            case client_phase::connected:
                return (state.resumed ? "resumed " : "connected ") + number;
            case client_phase::waiting:
                return "waiting " + std::to_string(state.pause.count());
            case client_phase::stopped:
                break;
        }
        return "stopped " + std::string{name_of(state.error->code)};
    }
};

}  // namespace porter::testing
