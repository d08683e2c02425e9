#pragma once

// Messages and connections for the client's tests against a scripted_server.

#include "porter/client.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"

namespace porter::testing {

using protocol::kind;

inline constexpr auto host = "127.0.0.1";

inline protocol::welcome welcome(protocol::access_mode access, std::string_view known_as = {},
                                 std::uint32_t max_frame = 4096)
{
    return {protocol::version, access, max_frame, "porterd/0.1.0", known_as};
}

inline auto const authenticate = welcome(protocol::access_mode::authenticate, "Alice");
inline auto const open_welcome = welcome(protocol::access_mode::open);
inline protocol::granted const login_granted{
    protocol::auth_method::login, "Alice", 7, "prt_token", 2000, 1000, "192.0.2.7", 3};
inline protocol::granted const open_granted{protocol::auth_method::open, "", 0, "", 0, 0, "", 0};

/// Options for a plaintext connection: most tests do not depend on TLS.
inline client_options plain()
{
    client_options options;
    options.transport = transport::plain;
    return options;
}

inline task<client_result<client>> connect_plain(scripted_server& server, std::string to = host)
{
    auto const options = plain();
    auto conn = co_await client::connect(std::move(to), server.port(), options);
    co_return conn;
}

inline task<client> connected(scripted_server& server)
{
    auto conn = co_await connect_plain(server);
    if (!conn) throw std::runtime_error(describe(conn.error()));
    co_return std::move(*conn);
}

}  // namespace porter::testing
