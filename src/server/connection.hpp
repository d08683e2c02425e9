#pragma once

#include <asio/cancellation_signal.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "identity/address.hpp"
#include "porter/message_socket.hpp"
#include "protocol/codec.hpp"
#include "server/buffer_limiter.hpp"
#include "server/close_reason.hpp"
#include "server/connection_limiter.hpp"
#include "server/connection_timeouts.hpp"
#include "server/options.hpp"
#include "server/traffic.hpp"
#include "server/transport.hpp"
#include "store/records.hpp"

namespace porter::detail::server {

class worker;

/// Whoever is at the other end: the socket with its frames, the times by which it must have acted, and how its
/// connection ends. It lives as long as that connection's coroutine, on its I/O thread.
///
/// Calls that can end the connection say so (false, or none), and ended() then knows how. The first ending counts;
/// after it there is nothing to be had but leave().
class connection {
public:
    using time_point = connection_timeouts::time_point;

    /// On any thread; all else on its own. `thread`, `rules` and `log` outlive it.
    connection(stream socket, identity::address from, worker& thread, options const& options, log::logger& log);
    ~connection();
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    /// Cancels what the connection's coroutine waits for, but for reads and writes: interrupt() cancels those.
    asio::cancellation_slot cancellation_slot() noexcept { return cancellation_.slot(); }

    /// Begins its life on its thread, whose tick watches it from here on.
    void attach_worker();

    identity::address const& address() const noexcept { return address_; }

    /// Takes the PROXY header that the stream must begin with: from then on address() is what it says.
    task<bool> read_proxy_header();

    /// Judges the first byte and, where that begins one, goes through the TLS handshake; of a plain frame nothing is
    /// taken yet. `encryption`: none when TLS is off.
    task<bool> detect_tls(tls_acceptor* encryption);

    /// Whether a byte came beyond a PROXY header: what connects and closes without one is mostly a health check.
    bool has_spoken() const noexcept { return has_spoken_ || socket_.is_tls(); }

    /// Counts it among those of its thread that are not worth a line each.
    void count_as_health_check();

    /// What TLS agreed on; none: its bytes travel in the clear.
    std::optional<tls::agreement> agreement() const { return socket_.agreement(); }

    /// What was exchanged so far, and since when.
    traffic const& exchanged() const noexcept { return traffic_; }
    time_point since() const noexcept { return timeouts_.begun(); }

    /// What its bytes travel in, once recognised.
    store::transport transport() const noexcept
    {
        return socket_.is_established() ? store::transport::tls : store::transport::plain;
    }

    /// The next frame that is already here. None: it is not whole yet, or ended. Valid until the next read() or
    /// receive().
    std::optional<base::bytes_view> next()
    {
        if (close_reason_) return std::nullopt;
        auto const frame = socket_.next(failed_);
        if (frame) {
            timeouts_.on_frame();
            traffic_.received(address_, frame->front(), frame->size());
        } else if (failed_) {
            end_with_frame_error(failed_);
        }
        return frame;
    }

    /// Waits for its turn and then for more bytes; when none come for a while, without a buffer. Takes what has come
    /// when the second is called, at once:
    ///     co_await visitor.read();
    ///     visitor.came();
    task<void> wait_for_input();
    void finish_read();

    /// Writes what is queued and waits for one whole frame.
    task<std::optional<base::bytes_view>> receive();

    /// Queues a message; write_at_once(), flush() or leave() writes it.
    template <typename Message>
    void send(Message const& message)
    {
        if (socket_.encoder().empty()) borrow_output();
        socket_.encoder().compose([&](std::string& payload) {
            protocol::encode(message, payload);
            traffic_.sent(address_, static_cast<std::byte>(payload.front()), payload.size());
        });
    }

    /// The same for what most messages are: a kind and a body.
    void send(protocol::kind what, std::string_view body)
    {
        if (socket_.encoder().empty()) borrow_output();
        socket_.encoder().add({std::as_bytes(std::span{&what, 1}), base::as_bytes(body)});
        traffic_.sent(address_, static_cast<std::byte>(what), body.size() + 1);
    }

    /// Queues a frame that next() gave since the last read(), without copying it where that can be done.
    void echo(base::bytes_view frame)
    {
        traffic_.sent(address_, frame.front(), frame.size());
        std::span const whole{frame.data() - frame_header_size, frame_header_size + frame.size()};
        if (socket_.encoder().pass_on(whole)) return;
        if (socket_.encoder().empty()) borrow_output();
        socket_.encoder().add(frame);
    }

    /// Queues `denied`, and ends the connection when that was one too many.
    void deny(error const& why);

    /// Whether so much is queued that it should be written before more is.
    bool is_output_full() const noexcept { return socket_.encoder().size() >= output_limit; }

    /// Writes what is queued, as far as that takes no waiting. False: flush() the rest, or ended.
    bool try_flush();

    /// Writes what is queued.
    task<bool> flush();

    /// Writes what is queued before something else is waited for, so that the peer has it meanwhile. False: ended.
    task<bool> flush_before_wait();

    /// How the connection ends, if it does; null: not yet.
    close_reason const* ended() const noexcept { return close_reason_.get(); }

    /// Ends it, from within its coroutine.
    void end(close_reason why);

    /// Ends it from outside. What waits on the socket returns at once, what a service waits for is cancelled; what
    /// waits for store or hash finds out when that answers.
    void abort(close_reason why);

    /// Takes leave as the ending says: closing frame, half-close, reading on for a while, close. In a hurry it does
    /// not read on.
    enum class close_mode { graceful, immediate };
    task<void> close(close_mode how = close_mode::graceful);

    /// Where this visitor has a place, which is let go of whenever the visitor keeps us waiting, until admitted().
    /// `place` outlives the coroutine.
    void attach(connection_slot& place) noexcept { evictable_slot_ = slot_ = &place; }

    /// The place was given to somebody else.
    void evict();

    /// Takes a place among the connections that have access, for this account (0: none, or not known yet). False:
    /// there is none, and it has ended.
    bool commit_access(store::account_id account);
    /// Access is not granted after all.
    void uncommit_access();
    /// The account of a connection that took its access without.
    void set_account(store::account_id account);

    /// Whether the memory that it holds is for others now: nothing is worth waiting for.
    bool is_evicted_for_memory() const noexcept { return memory_ && memory_->is_evicted(); }

    /// Access was granted: the login deadline is over, frames may be as large as the rules say.
    void on_access_granted();

    /// Makes the connection findable by its session, which ends at `expires_at` at the latest.
    void set_session(store::session_id session, base::timestamp expires_at);
    store::session_id session() const noexcept { return session_; }

    /// Closes the socket without any leave: the last means.
    void close_socket();

    /// Looks at the deadlines; the I/O thread calls it once a tick.
    void on_tick(time_point now, base::timestamp wall);

private:
    bool has_output() const noexcept { return !close_reason_ && !socket_.encoder().empty(); }
    bool try_read(bool at_once);
    void prepare_buffer();
    void start_read();
    void wait_without_buffer();
    void resume(base::error_code const& failed, std::size_t size);
    void resume();
    void borrow_output();
    void on_written(std::size_t size, base::error_code const& error);
    task<void> drain_input();
    void end_with_frame_error(base::error_code const& why);
    void end_with_error(base::error_code const& failed);
    bool can_send_closing();
    bool is_gone();
    void update_memory();
    void count_memory();
    void release_buffer();

    // What a message goes through stands together, the rest behind it.
    message_socket<stream> socket_;
    traffic traffic_;
    friend class read_scheduler;            // the thread's queue of those who wait for their turn
    connection* next_scheduled_ = nullptr;  // in it
    std::size_t bytes_read_ = 0;            // what was read
    // Whoever waits in read(). It owns the coroutine that owns this peer, so it must be called before all ends: the
    // doorman runs until everybody has gone.
    std::optional<base::resume_handler<>> resume_;
    base::error_code failed_;  // what the wait or the frame met
    enum class read_state : std::uint8_t { ready, scheduled, reading, waiting_without_buffer };
    read_state read_state_ = read_state::ready;
    bool idle_ = false;            // nothing has come for a while: it waits without a buffer
    bool protocol_known_ = false;  // what it speaks
    bool has_spoken_ = false;      // a byte that is not TLS's came
    bool flushing_ = false;        // a write waits for the peer
    std::uint8_t denials_ = 0;     // in this phase, those that are the peer's fault
    std::uint8_t replies_ = 0;     // in this phase, all
    worker& worker_;
    connection_slot* evictable_slot_ = nullptr;  // while it can be lost
    connection_slot* slot_ = nullptr;            // the same, always
    std::unique_ptr<close_reason const> close_reason_;
    connection_timeouts timeouts_;
    std::unique_ptr<buffer_limiter::share> memory_;  // none: it holds next to nothing

    deadline close_deadline_;  // set: it takes its leave
    store::session_id session_ = 0;
    base::timestamp session_expires_at_{};
    identity::address address_;
    asio::cancellation_signal cancellation_;

    friend class worker;  // the thread's list of its peers
    bool attached_ = false;
    connection* previous_ = nullptr;
    connection* following_ = nullptr;
};

}  // namespace porter::detail::server
