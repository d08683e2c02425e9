#include "server/peer_state.hpp"

#include <poll.h>

namespace porter::detail::server {
namespace {

/// Whether one of these events is set. poll() reports POLLERR and POLLHUP whether it is asked for them or not.
bool has_event(int socket, short events) noexcept
{
    pollfd state{socket, events, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & events) != 0;
}

}  // namespace

bool is_peer_gone(int socket) noexcept
{
    return has_event(socket, POLLERR | POLLHUP);
}

bool is_reset(int socket) noexcept
{
    return has_event(socket, POLLERR);
}

bool is_peer_closed(int socket) noexcept
{
    return has_event(socket, POLLRDHUP | POLLERR | POLLHUP);
}

bool has_unread_input(int socket) noexcept
{
    return has_event(socket, POLLIN);
}

}  // namespace porter::detail::server
