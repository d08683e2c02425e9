#pragma once

#include <optional>
#include <string>

#include "base/secret.hpp"
#include "porter/connection.hpp"
#include "server/connection.hpp"
#include "server/server_context.hpp"
#include "sessions/session.hpp"

namespace porter::detail::server {

/// A client with access: the method, the name, and the account and session if the server has accounts.
struct authenticated_client {
    authenticated_client(porter::auth_method method, std::string name_) : auth_method(method), name(std::move(name_)) {}
    authenticated_client(porter::auth_method method, sessions::session const& opened)
        : auth_method(method), name(opened.name()), account(opened.account()), session(opened.id())
    {}

    porter::auth_method auth_method;
    std::string name;
    store::account_id account = 0;  ///< 0: none
    store::session_id session = 0;  ///< 0: none
    base::secret enrolment;         ///< the secret of a second factor that is not confirmed yet; empty: none
};

/// The opening and access phases: hello, welcome, then the requests of the access mode, up to granted, which is queued
/// but not yet written. None: the connection has ended instead.
task<std::optional<authenticated_client>> run_access_phase(connection& conn, server_context const& ctx);

}  // namespace porter::detail::server
