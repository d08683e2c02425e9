#pragma once

#include <asio/cancellation_signal.hpp>
#include <chrono>
#include <concepts>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "identity/address.hpp"
#include "porter/message_socket.hpp"
#include "protocol/codec.hpp"
#include "server/ending.hpp"
#include "server/options.hpp"
#include "server/quota.hpp"
#include "server/transport.hpp"
#include "store/records.hpp"

namespace porter::rooms::server {

class io_thread;

/// Whoever is at the other end: the socket with its frames, and the times by which it must have acted. It lives in
/// the frame of its connection's coroutine and on that connection's I/O thread, whose tick watches the times: no
/// timer is armed for a message.
class peer {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// `waits` cancels what the connection's coroutine waits for.
    peer(stream socket, identity::address from, asio::cancellation_signal& waits, io_thread& thread,
         options const& rules);
    ~peer();
    peer(peer const&) = delete;
    peer& operator=(peer const&) = delete;

    identity::address const& address() const noexcept { return address_; }

    /// Takes the PROXY header that the stream must begin with: from then on address() is what it says.
    task<std::optional<ending>> hear_proxy();

    /// Judges the first byte and, where that begins one, goes through the TLS handshake; of a plain frame nothing is
    /// taken yet. `encryption`: none when TLS is off.
    task<std::optional<ending>> recognise(encryption* encryption);

    /// What its bytes travel in, once recognised.
    store::transport transport() const noexcept
    {
        return socket_.is_established() ? store::transport::tls : store::transport::plain;
    }

    /// The next frame that is already here, or none; `failed` when it breaks the limit in force. Valid until the next
    /// fill() or receive().
    std::optional<base::bytes_view> next(std::optional<ending>& failed);

    /// Writes what is queued, then waits for more bytes. An ending: there will be none.
    task<std::optional<ending>> fill();

    /// Waits for one whole frame, by next() and fill().
    task<result<base::bytes_view, ending>> receive();

    /// Queues a message; fill(), flush() or leave() writes it.
    template <typename Message>
    void say(Message const& message)
    {
        socket_.encoder().compose([&](std::string& payload) { protocol::encode(message, payload); });
    }

    /// Queues `denied`.
    void deny(failure const& why);

    /// Whether so much is queued that it should be written before more is.
    bool output_full() const noexcept { return socket_.encoder().size() >= output_limit; }

    /// Writes what is queued.
    task<std::optional<ending>> flush();

    /// Takes leave as the ending says: closing frame, half-close, reading on for a while, close. In a hurry it does
    /// not read on.
    enum class manner { politely, in_a_hurry };
    task<void> leave(ending const& why, manner how = manner::politely);

    /// Where this visitor has a place, which is let go of whenever the visitor keeps us waiting, until admitted().
    /// `place` outlives the peer.
    void sits_in(admission& place) noexcept { place_ = &place; }

    /// The place was given to somebody else.
    void evict();

    /// Access was granted: the login deadline is over, frames may be as large as the rules say, the place is sure.
    void admitted();

    /// Makes the connection findable by its session, which ends at `expires_at` at the latest.
    void belongs_to(store::session_id session, base::timestamp expires_at);
    store::session_id session() const noexcept { return session_; }

    /// Ends the connection for a reason from outside; the first reason counts. What waits on the socket returns with
    /// it at once, what a service waits for is cancelled; what waits for store or hash returns with its next receive.
    /// On the peer's own I/O thread only.
    void interrupt(code why, std::string reason = {});

    /// Why interrupt() was called, if it was.
    std::optional<ending> const& interrupted() const noexcept { return interrupted_; }

    /// Closes the socket without any leave: the last means.
    void cut();

    /// Looks at the deadlines; the I/O thread calls it once a tick.
    void check(time_point now, base::timestamp wall);

private:
    ending ended_by(base::error_code const& failed) const;
    bool can_be_told();
    void end_by(ending why);
    bool is_gone();
    void watch_output(time_point now);
    void start_frame_deadline();
    void stop_frame_deadline();
    task<void> read_to_the_end();

    message_socket<stream> socket_;
    identity::address address_;
    asio::cancellation_signal& waits_;
    io_thread& thread_;
    options const& rules_;
    admission* place_ = nullptr;  // while it can be lost

    bool recognised_ = false;  // what it speaks
    std::optional<ending> interrupted_;
    store::session_id session_ = 0;
    base::timestamp session_expires_at_{};

    std::optional<time_point> opening_deadline_;  // of a PROXY header
    std::optional<time_point> access_deadline_;
    std::optional<time_point> frame_deadline_;
    std::optional<time_point> leave_deadline_;
    std::uint64_t frames_ = 0;                            // taken up so far
    std::uint64_t partial_number_ = UINT64_MAX;           // how many were, when the frame that is half here began
    std::chrono::steady_clock::duration partial_time_{};  // how long we have waited for the rest of it
    time_point waiting_since_;
    time_point heard_at_;  // of the last tick that found `heard_`
    bool heard_ = false;
    bool reading_ = false;                       // then it is told of by the read if the visitor is gone
    std::size_t unwritten_ = 0;                  // at the last tick that found progress
    std::optional<time_point> unwritten_since_;  // none: nothing waits to be written

    friend class io_thread;  // the thread's list of its peers
    peer* before_ = nullptr;
    peer* after_ = nullptr;
};

}  // namespace porter::rooms::server
