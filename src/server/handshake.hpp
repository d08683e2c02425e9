#pragma once

#include <optional>
#include <string>

#include "porter/connection.hpp"
#include "server/house.hpp"
#include "server/peer.hpp"
#include "sessions/session.hpp"

namespace porter::rooms::server {

/// Somebody who has been let in: how, under which name, and with which session if the house has accounts.
struct guest {
    guest(porter::via how, std::string known_as) : via(how), name(std::move(known_as)) {}
    guest(porter::via how, sessions::session const& opened)
        : via(how), name(opened.name()), account(opened.account()), session(opened.id())
    {}

    porter::via via;
    std::string name;
    store::account_id account = 0;  ///< 0: none
    store::session_id session = 0;  ///< 0: none
};

/// The opening and access phases: hello, welcome, then whatever the access mode asks for, up to granted (queued, not
/// yet written). None: the visitor's connection has ended instead.
task<std::optional<guest>> handshake(peer& visitor, house const& house);

}  // namespace porter::rooms::server
