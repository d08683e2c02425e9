#pragma once

// A service and a connected client for tests of a whole porter::server in the process.

#include <stdexcept>
#include <utility>

#include "porter/client.hpp"
#include "porter/server.hpp"
#include "porter/testing/server.hpp"

namespace porter::testing {

/// A service that only receives.
inline task<void> ignore(connection& client)
{
    while (auto message = co_await client.receive()) continue;
}

/// A client of the server, over plain TCP, without access yet unless the access is open.
inline task<client> connected(porter::server& server)
{
    auto const options = testing::server::client_options();
    auto made = co_await client::connect("127.0.0.1", server.local_endpoint().port(), options);
    if (!made) throw std::runtime_error{describe(made.error())};
    co_return std::move(*made);
}

}  // namespace porter::testing
