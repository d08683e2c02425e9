#pragma once

#include <optional>
#include <string>

#include "porter/connection.hpp"
#include "server/ending.hpp"
#include "server/house.hpp"
#include "server/peer.hpp"
#include "sessions/session.hpp"

namespace porter::rooms::server {

/// Somebody who has been let in: how, under which name, and with which session if the house has accounts.
struct guest {
    guest(porter::via how, std::string known_as) : via(how), name(std::move(known_as)) {}
    guest(porter::via how, sessions::session opened) : via(how), name(opened.name()), session(std::move(opened)) {}

    porter::via via;
    std::string name;
    std::optional<sessions::session> session;
};

/// The opening and access phases: hello, welcome, then whatever the access mode asks for, up to granted (queued, not
/// yet written). The error is how the connection ends instead.
task<result<guest, ending>> handshake(peer& visitor, house const& house);

}  // namespace porter::rooms::server
