// How a connection ends, once it is decided: the last words, the half-close, and the wait for the visitor's end.
#include <array>

#include "server/connection.hpp"

namespace porter::detail::server {
namespace {

/// Takes what is here of what nobody is interested in any more, whether it is TLS or not.
void discard_input(base::tcp_socket& socket, base::error_code& error)
{
    std::array<char, 4096> unread;
    socket.receive(asio::buffer(unread), 0, error);
    if (error == asio::error::would_block) error.clear();
}

/// Whether the visitor ended first: then it says nothing any more, and closing says the same of us.
bool peer_ended_first(close_reason const& why)
{
    return why.kind() == close_reason::kind_type::half_closed || why.kind() == close_reason::kind_type::truncated;
}

}  // namespace

task<void> connection::close(close_mode how)
{
    if (evictable_slot_ != nullptr) evictable_slot_->unpin();
    // From here on only this deadline counts: whatever still waits is cut when it passes. Who took nothing so far will
    // hardly take this; all others get the time for their answers first.
    bool const is_slow = close_reason_->close_code() == code::slow_consumer;
    auto time = std::chrono::milliseconds{0};
    if (how == close_mode::graceful) time = is_slow ? linger_time : timeouts_.options().output_time;
    close_deadline_.set(std::chrono::steady_clock::now() + time);
    if (close_reason_->kind() == close_reason::kind_type::local) {
        send(protocol::closing{static_cast<std::uint16_t>(close_reason_->close_code()), close_reason_->message()});
    }
    if (close_reason_->kind() != close_reason::kind_type::lost && can_send_closing()) {
        base::error_code error;
        co_await socket_.flush(error);
        bool const is_all_said = !socket_.is_tls() && peer_ended_first(*close_reason_);
        if (!error && !is_all_said) {
            auto const unsaid = co_await socket_.end_sending();
            error = unsaid;
            close_deadline_.set(std::chrono::steady_clock::now() + linger_time);
            if (!error && how == close_mode::graceful) co_await drain_input();
        }
    }
    base::error_code ignored;  // closing a socket that is already gone
    socket_.close(ignored);
}

/// Who is about to speak TLS and not through with its handshake would take our words for a broken record.
bool connection::can_send_closing()
{
    if (socket_.is_tls()) return socket_.is_established();
    return protocol_known_ || !begins_tls(socket_);
}

task<void> connection::drain_input()
{
    base::error_code error;
    while (!error) {
        co_await socket_.async_wait(stream::wait_read, base::into(error));
        if (!error) discard_input(socket_, error);
    }
}

}  // namespace porter::detail::server
