#pragma once

#include "server/access_phase.hpp"
#include "server/connection.hpp"
#include "server/server_context.hpp"

namespace porter::detail::server {

/// Answers a request about the second factor of the client's account: begins or confirms an enrolment, which lasts as
/// long as the connection, or removes the second factor.
task<void> answer_second_factor(connection& conn, server_context const& ctx, authenticated_client& client,
                                protocol::second_factor const& request);

}  // namespace porter::detail::server
