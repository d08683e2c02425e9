#pragma once

#include <string>

#include "base/asio.hpp"
#include "porter/client.hpp"

namespace porter::rooms::client {

// How connecting fails; `where` is the server, as place_name() gives it.

inline refusal<client_failure> unreachable(std::string const& where, base::error_code error)
{
    return refuse(
        client_failure{client_failure::cause::unreachable, {code::unavailable, where + ": " + error.message()}, error});
}

inline refusal<client_failure> too_slow(std::string const& where)
{
    return refuse(
        client_failure{client_failure::cause::timed_out, {code::timeout, "no connection to " + where + " in time"}});
}

inline refusal<client_failure> lost_in_handshake(std::string const& where, base::error_code error)
{
    auto const how = error == asio::error::eof ? "it hung up" : error.message();
    return refuse(client_failure{
        client_failure::cause::lost, {code::unavailable, where + " in the TLS handshake: " + how}, error});
}

}  // namespace porter::rooms::client
