#include "client/keepalive.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

namespace porter::detail::client {

namespace {

constexpr int idle_seconds = 30;
constexpr int interval_seconds = 10;
constexpr int probe_count = 3;

/// The connection works without the option, so an error is ignored.
void set_option(int socket, int level, int name, int value)
{
    ::setsockopt(socket, level, name, &value, sizeof value);
}

}  // namespace

void set_keepalive(base::tcp_socket& socket)
{
    int const native = socket.native_handle();
    set_option(native, IPPROTO_TCP, TCP_KEEPIDLE, idle_seconds);
    set_option(native, IPPROTO_TCP, TCP_KEEPINTVL, interval_seconds);
    set_option(native, IPPROTO_TCP, TCP_KEEPCNT, probe_count);
    set_option(native, SOL_SOCKET, SO_KEEPALIVE, 1);
}

std::optional<acknowledgement_state> read_acknowledgement_state(int socket)
{
    struct ::tcp_info info{};
    ::socklen_t size = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    acknowledgement_state state;
    state.is_retrying = info.tcpi_retransmits > 0 || info.tcpi_probes > 0;
    state.since_ack = std::chrono::milliseconds{info.tcpi_last_ack_recv};
    return state;
}

bool acknowledgement_check::is_server_gone(acknowledgement_state const& state) noexcept
{
    bool const is_late = state.is_retrying && state.since_ack >= limit;
    return std::exchange(was_late_, is_late) && is_late;
}

}  // namespace porter::detail::client
