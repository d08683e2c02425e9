#pragma once

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "porter/testing/recording_log.hpp"
#include "store/postgres/attempts.hpp"
#include "store/postgres/attempts_upkeep.hpp"
#include "store/postgres/cluster.hpp"
#include "store/support/samples.hpp"
#include "support/run.hpp"

namespace porter::testing {

namespace postgres = detail::store::postgres;

/// What one porterd has: connections, and the port on them.
class attempts_server {
public:
    explicit attempts_server(postgres_fixture const& database, std::size_t connections = 4)
        : options_(options_of(database, connections)),
          pool_(options_, log_),
          resolver_(pool_, options_, log_),
          attempts_(resolver_, options_.patience)
    {}

    asio::io_context& io() { return io_; }
    postgres::pool& pool() { return pool_; }
    postgres::resolver& resolver() { return resolver_; }
    recording_log& log() { return log_; }
    postgres::attempts& port() { return attempts_; }

    template <typename T>
    T run(task<T> operation)
    {
        return testing::run(io_, std::move(operation));
    }

    /// Starts a task, which run_all() completes.
    void start(task<void> work)
    {
        asio::co_spawn(io_, std::move(work), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
    }

    void run_all()
    {
        io_.restart();
        io_.run();
    }

    detail::store::attempt_result begin(detail::store::secret_attempt attempt,
                                        detail::store::throttle_rules const& rules = few_attempts)
    {
        auto const result = run(attempts_.begin(std::move(attempt), rules));
        REQUIRE(result);
        return *result;
    }

    void fail(detail::store::counted_attempt const& counted) { REQUIRE(run(attempts_.fail(counted))); }

    void rollback(std::vector<detail::store::counted_attempt> const& pending)
    {
        REQUIRE(run(attempts_.rollback(pending)));
    }

private:
    static postgres::options options_of(postgres_fixture const& database, std::size_t connections)
    {
        auto options = database.options();
        options.connections = connections;
        options.lookup_connections = 1;
        options.patience = std::chrono::seconds{60};  // of a machine that is busy
        return options;
    }

    asio::io_context io_;  // outlives the tasks of the pool and of the port
    recording_log log_;
    postgres::options options_;
    postgres::pool pool_;
    postgres::resolver resolver_;
    postgres::attempts attempts_;
};

/// Calls a function for each server, on a thread of its own, as servers do.
template <typename Function>
void on_threads(std::vector<std::unique_ptr<attempts_server>> const& servers, Function const& function)
{
    std::vector<std::thread> threads;
    for (auto const& each : servers) threads.emplace_back([&function, &server = *each] { function(server); });
    for (auto& each : threads) each.join();
}

inline std::vector<std::unique_ptr<attempts_server>> make_servers(postgres_fixture const& database, int count)
{
    std::vector<std::unique_ptr<attempts_server>> servers;
    for (int i = 0; i < count; ++i) servers.push_back(std::make_unique<attempts_server>(database));
    return servers;
}

/// Adds an account as an administrator.
inline detail::store::account_id add_account(postgres_fixture const& database, std::string const& name)
{
    return std::stoll(database.administrator().run("INSERT INTO accounts (name, folded_name, password_hash) VALUES ('" +
                                                   name + "', '" + name + "', '-') RETURNING id"));
}

}  // namespace porter::testing
