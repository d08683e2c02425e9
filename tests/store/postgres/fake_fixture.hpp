#pragma once

#include <asio/io_context.hpp>
#include <utility>

#include "base/awaitable_operators.hpp"
#include "base/suspended_task.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/fake_server.hpp"
#include "store/postgres/servers.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

namespace porter::testing {

using detail::base::awaitable_operators::operator&&;
namespace postgres = detail::store::postgres;

/// A segment of one statement, as the servers of tests do not look at the text.
inline postgres::segment change(char const* sql = "INSERT INTO things VALUES (1)")
{
    postgres::segment one{postgres::segment::effect::writes};
    one.add(sql);
    return one;
}
inline postgres::segment look_up(char const* sql = "SELECT 1")
{
    postgres::segment one{postgres::segment::effect::reads};
    one.add(sql);
    return one;
}

/// A connection to a server that answers as the test says, on one thread.
class fake_fixture {
public:
    /// `patience`: of the connection.
    explicit fake_fixture(std::chrono::milliseconds patience = fake::unhurried) : conn(io.get_executor(), patience) {}

    /// Connects, and runs both coroutines to their ends: that of the client, after which the connection is dropped, and
    /// that of the server, which gets a fake::session that is open.
    template <typename Client, typename Script>
    void run(Client const& client, Script const& script)
    {
        testing::run(io, run_both(client, script));
    }

    /// Sends a segment and waits for its reply.
    task<postgres::reply> send(postgres::segment work)
    {
        auto const executor = co_await asio::this_coro::executor;
        postgres::request_list one;
        one.emplace_back(std::move(work), executor, std::chrono::steady_clock::time_point::max());
        auto const initiate = [this, &one](detail::base::resume_handler<postgres::reply> handler) {
            one.front().suspend(std::move(handler));
            conn.submit(one);
        };
        auto operation = detail::base::suspend<postgres::reply>(initiate);
        co_return co_await std::move(operation);
    }

    /// The same, and stores the reply: for several at once.
    task<void> keep(postgres::segment work, postgres::reply& answer) { answer = co_await send(std::move(work)); }

    asio::io_context io;
    fake::server server{io};
    postgres::servers servers{io.get_executor(), fake::options_of({&server})};
    postgres::connection conn;

private:
    template <typename Client, typename Script>
    task<void> run_both(Client const& client, Script const& script)
    {
        co_await (use(client) && serve(script));
    }

    template <typename Client>
    task<void> use(Client const& client)
    {
        auto const connected = co_await servers.connect(conn);
        REQUIRE(connected);
        conn.begin_use();
        co_await (conn.run() && finish(client));
    }

    template <typename Client>
    task<void> finish(Client const& client)
    {
        co_await client();
        conn.drop("the test is over");
    }

    template <typename Script>
    task<void> serve(Script const& script)
    {
        auto session = co_await server.accept();
        co_await session.open();
        co_await script(session);
    }
};

}  // namespace porter::testing
