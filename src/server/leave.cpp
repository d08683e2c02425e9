// How a connection ends, once it is decided: the last words, the half-close, and the wait for the visitor's end.
#include <array>

#include "server/peer.hpp"

namespace porter::rooms::server {
namespace {

/// Takes what is here of what nobody is interested in any more, whether it is TLS or not.
void throw_away(base::tcp_socket& socket, base::error_code& error)
{
    std::array<char, 4096> unread;
    socket.receive(asio::buffer(unread), 0, error);
    if (error == asio::error::would_block) error.clear();
}

/// Whether the visitor ended first: then it says nothing any more, and closing says the same of us.
bool heard_the_end(ending const& why)
{
    return why.way() == ending::how::half_closed || why.way() == ending::how::cut_off;
}

}  // namespace

task<void> peer::leave(manner how)
{
    if (place_ != nullptr) place_->let_go();
    // From here on only this deadline counts: whatever still waits is cut when it passes. Who took nothing so far will
    // hardly take this; all others get the time for their answers first.
    bool const is_slow = ended_->what() == code::slow_consumer;
    auto time = std::chrono::milliseconds{0};
    if (how == manner::politely) time = is_slow ? linger_time : times_.rules().output_time;
    leave_.set(std::chrono::steady_clock::now() + time);
    if (ended_->way() == ending::how::closed_by_us) {
        say(protocol::closing{static_cast<std::uint16_t>(ended_->what()), ended_->reason()});
    }
    if (ended_->way() != ending::how::lost && can_be_told()) {
        base::error_code error;
        co_await socket_.flush(error);
        bool const is_all_said = !socket_.is_tls() && heard_the_end(*ended_);
        if (!error && !is_all_said) {
            auto const unsaid = co_await socket_.end_sending();
            error = unsaid;
            leave_.set(std::chrono::steady_clock::now() + linger_time);
            if (!error && how == manner::politely) co_await read_to_the_end();
        }
    }
    base::error_code ignored;  // closing a socket that is already gone
    socket_.close(ignored);
}

/// Who is about to speak TLS and not through with its handshake would take our words for a broken record.
bool peer::can_be_told()
{
    if (socket_.is_tls()) return socket_.is_established();
    return recognised_ || !wants_tls(socket_);
}

task<void> peer::read_to_the_end()
{
    base::error_code error;
    while (!error) {
        co_await socket_.async_wait(stream::wait_read, base::into(error));
        if (!error) throw_away(socket_, error);
    }
}

}  // namespace porter::rooms::server
