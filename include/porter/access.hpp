#pragma once

#include <cstdint>

namespace porter {

/// What a visitor must do before it may talk.
enum class access : std::uint8_t {
    open = 0,          ///< nothing
    identify = 1,      ///< say a name once; the address is known from then on
    authenticate = 2,  ///< prove an account by password or session token
};

/// How a visitor got access.
enum class auth_method : std::uint8_t {
    open = 0,              ///< the server asks nobody
    address = 1,           ///< known by address: a name without proof
    identify = 2,          ///< said a name just now, without proof
    register_account = 3,  ///< made an account on this connection
    login = 4,             ///< proved it by password
    resume = 5,            ///< proved it by a session token
};

}  // namespace porter
