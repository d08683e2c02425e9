#pragma once

#include <cstdint>

namespace porter {

/// What a client must do before it may exchange messages.
enum class access : std::uint8_t {
    open = 0,          ///< nothing
    identify = 1,      ///< give a name once; the server knows the address from then on
    authenticate = 2,  ///< prove an account by password or session token
};

/// How a client got access.
enum class auth_method : std::uint8_t {
    open = 0,              ///< the server requires nothing
    address = 1,           ///< recognised by its address: a name without proof
    identify = 2,          ///< gave a name on this connection, without proof
    register_account = 3,  ///< registered the account on this connection
    login = 4,             ///< proved the account by password
    resume = 5,            ///< proved the account by a session token
    redeem = 6,            ///< redeemed an invitation or a reset on this connection
};

/// Which clients may register an account.
enum class registration_mode : std::uint8_t {
    open,     ///< any client
    invited,  ///< holders of an invitation's code
    closed,   ///< likewise, but clients are told that the server takes no new accounts
};

}  // namespace porter
