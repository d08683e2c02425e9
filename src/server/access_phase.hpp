#pragma once

#include <optional>
#include <string>

#include "porter/connection.hpp"
#include "server/connection.hpp"
#include "server/server_context.hpp"
#include "sessions/session.hpp"

namespace porter::detail::server {

/// Somebody who has been let in: how, under which name, and with which session if the house has accounts.
struct authenticated_client {
    authenticated_client(porter::auth_method how, std::string known_as) : auth_method(how), name(std::move(known_as)) {}
    authenticated_client(porter::auth_method how, sessions::session const& opened)
        : auth_method(how), name(opened.name()), account(opened.account()), session(opened.id())
    {}

    porter::auth_method auth_method;
    std::string name;
    store::account_id account = 0;  ///< 0: none
    store::session_id session = 0;  ///< 0: none
};

/// The opening and access phases: hello, welcome, then whatever the access mode asks for, up to granted (queued, not
/// yet written). None: the visitor's connection has ended instead.
task<std::optional<authenticated_client>> run_access_phase(connection& conn, server_context const& ctx);

}  // namespace porter::detail::server
