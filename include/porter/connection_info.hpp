#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "porter/access.hpp"
#include "porter/clock.hpp"

namespace porter {

/// How far a connection has come.
enum class connection_phase : std::uint8_t {
    opening,   ///< before its hello: a PROXY header, a TLS handshake, or silence
    access,    ///< the client has said hello and has no access yet
    exchange,  ///< it has access: the service runs
    closing,   ///< it is being closed
};

/// The phase as porterctl and the status page show it, such as "opening".
constexpr std::string_view name_of(connection_phase phase) noexcept
{
    switch (phase) {
        case connection_phase::opening:
            return "opening";
        case connection_phase::access:
            return "access";
        case connection_phase::exchange:
            return "exchange";
        case connection_phase::closing:
            break;
    }
    return "closing";
}

/// A connection of a server, as it was when it was asked for.
struct connection_info {
    std::uint64_t id = 0;     ///< numbers the connections of a server, as `connection` in the log does
    std::string address;      ///< the canonical IP address
    bool is_tls = false;      ///< TLS, not plain TCP
    bool has_access = false;  ///< false: access is not granted yet, and the next three are empty
    std::string name;         ///< the client's name; empty in open access
    porter::auth_method auth_method = porter::auth_method::open;  ///< how it got access
    std::uint64_t session = 0;                                    ///< the session's id; 0 without an account
    timestamp since{};                                            ///< when it was accepted
    std::uint64_t messages_in = 0;                                ///< received and complete
    std::uint64_t messages_out = 0;                               ///< queued for the client
    std::uint64_t bytes_in = 0;                                   ///< of these messages' frames, headers included
    std::uint64_t bytes_out = 0;                                  ///< likewise
    connection_phase phase = connection_phase::opening;           ///< how far it has come
};

}  // namespace porter
