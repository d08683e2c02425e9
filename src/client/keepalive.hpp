#pragma once

#include <chrono>
#include <optional>

#include "base/asio.hpp"

namespace porter::detail::client {

/// Makes the system probe a server that sends nothing: after 30 s of silence each 10 s, and after three probes without
/// an answer the connection ends with ETIMEDOUT.
///
/// The system sends no probes while output is outstanding, and TCP_USER_TIMEOUT, which limits that, also ends the
/// connection to a server that acknowledges everything and keeps its window closed: a tunnel under back-pressure. So an
/// acknowledgement_check limits it.
void set_keepalive(base::tcp_socket& socket);

/// What the system knows about output that the server has not acknowledged.
struct acknowledgement_state {
    bool is_retrying = false;               ///< segments are sent again, or probes of a closed window have no answer
    std::chrono::milliseconds since_ack{};  ///< the time since the server's last acknowledgement of anything
};

/// Of an open socket; none: the system does not say.
std::optional<acknowledgement_state> read_acknowledgement_state(int socket);

/// Decides, by regular looks at a connection, whether the server is gone while output is outstanding.
class acknowledgement_check {
public:
    static constexpr std::chrono::seconds interval{10};  ///< between two looks
    static constexpr std::chrono::seconds limit{40};     ///< without an acknowledgement; the server is gone 10 s later

    /// Whether the server is gone: at this look and at the one before, the system was retrying and `limit` had passed.
    /// One look may come between a probe and its answer: a closed window is probed each two minutes at most.
    bool is_server_gone(acknowledgement_state const& state) noexcept;

private:
    bool was_late_ = false;  // at the look before
};

}  // namespace porter::detail::client
