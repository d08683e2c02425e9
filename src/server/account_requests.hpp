#pragma once

#include "protocol/messages.hpp"
#include "server/access_phase.hpp"
#include "server/close_reason.hpp"
#include "server/connection.hpp"
#include "server/server_context.hpp"

namespace porter::detail::server {

/// Answers identify, change_password, logout, list_sessions, revoke_session and second_factor with a queued done,
/// sessions, enrolment, granted or denied; a request that is not allowed after access ends the connection. If the
/// answer ends the connection, it is queued first.
task<void> answer_request(connection& conn, server_context const& ctx, authenticated_client& client,
                          protocol::request const& request);

}  // namespace porter::detail::server
