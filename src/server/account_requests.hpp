#pragma once

#include "protocol/messages.hpp"
#include "server/access_phase.hpp"
#include "server/close_reason.hpp"
#include "server/connection.hpp"
#include "server/server_context.hpp"

namespace porter::detail::server {

/// Answers a request about who the visitor is (identify, change_password, logout, list_sessions, revoke_session, and
/// those that have no place after access) by a queued done, sessions, granted or denied. What ends the connection, ends
/// it after the answer.
task<void> answer_request(connection& conn, server_context const& ctx, authenticated_client& client,
                          protocol::request const& asked);

}  // namespace porter::detail::server
