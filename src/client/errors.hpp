#pragma once

#include <string>

#include "base/asio.hpp"
#include "porter/client.hpp"

namespace porter::detail::client {

// How connecting fails; `where` is the server, as place_name() gives it.

inline unexpected<client_error> unreachable_error(std::string const& where, base::error_code error)
{
    return unexpected(
        client_error{client_errc::unreachable, {code::unavailable, where + ": " + error.message()}, error});
}

inline unexpected<client_error> timed_out_error(std::string const& where)
{
    return unexpected(client_error{client_errc::timed_out, {code::timeout, "no connection to " + where + " in time"}});
}

inline unexpected<client_error> handshake_lost_error(std::string const& where, base::error_code error)
{
    auto const how = error == asio::error::eof ? "it hung up" : error.message();
    return unexpected(
        client_error{client_errc::lost, {code::unavailable, where + " in the TLS handshake: " + how}, error});
}

}  // namespace porter::detail::client
