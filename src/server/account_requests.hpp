#pragma once

#include "protocol/messages.hpp"
#include "server/ending.hpp"
#include "server/handshake.hpp"
#include "server/house.hpp"
#include "server/peer.hpp"

namespace porter::rooms::server {

/// Answers a request about who the visitor is (identify, change_password, logout, list_sessions, revoke_session, and
/// those that have no place after access) by a queued done, sessions, granted or denied. What ends the connection, ends
/// it after the answer.
task<void> answer_request(peer& visitor, house const& house, guest& who, protocol::request const& asked);

}  // namespace porter::rooms::server
