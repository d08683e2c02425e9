#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <utility>

#include "store/postgres/cluster.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/servers.hpp"
#include "support/run.hpp"

namespace porter::testing {

/// A connection to a real server, for one segment after the other.
class real_connection {
public:
    explicit real_connection(postgres_fixture const& fixture)
        : servers_(io_.get_executor(), fixture.options()), conn_(io_.get_executor(), std::chrono::seconds{60})
    {
        auto const connected = run(io_, servers_.connect(conn_));
        INFO((connected ? "" : connected.error().text));
        REQUIRE(connected);
    }

    template <typename... Values>
    detail::store::postgres::reply query(char const* sql, Values const&... values)
    {
        detail::store::postgres::segment work{detail::store::postgres::segment::effect::writes};
        work.add(sql, values...);
        return send(std::move(work));
    }

    detail::store::postgres::reply send(detail::store::postgres::segment work)
    {
        return run(io_, conn_.exchange(std::move(work), std::chrono::steady_clock::now() + std::chrono::seconds{60}));
    }

private:
    asio::io_context io_;
    detail::store::postgres::servers servers_;
    detail::store::postgres::connection conn_;
};

}  // namespace porter::testing
