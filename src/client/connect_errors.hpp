#pragma once

#include <string>

#include "base/asio.hpp"
#include "porter/client.hpp"
#include "porter/result.hpp"

namespace porter::detail::client {

// Errors of connecting. `server`: from server_name().

inline unexpected<client_error> unreachable_error(std::string const& server, base::error_code error)
{
    return unexpected(
        client_error{client_errc::unreachable, {code::unavailable, server + ": " + error.message()}, error});
}

inline unexpected<client_error> timed_out_error(std::string const& server)
{
    return unexpected(client_error{client_errc::timed_out, {code::timeout, "no connection to " + server + " in time"}});
}

inline unexpected<client_error> handshake_lost_error(std::string const& server, base::error_code error)
{
    auto const reason = error == asio::error::eof ? "it hung up" : error.message();
    return unexpected(
        client_error{client_errc::lost, {code::unavailable, server + " in the TLS handshake: " + reason}, error});
}

}  // namespace porter::detail::client
