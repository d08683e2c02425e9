#pragma once

#include <asio/cancellation_signal.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/message_socket.hpp"
#include "protocol/codec.hpp"
#include "server/buffer_pool.hpp"
#include "server/close_reason.hpp"
#include "server/connection_limiter.hpp"
#include "server/connection_timeouts.hpp"
#include "server/options.hpp"
#include "server/outbox_queue.hpp"
#include "server/tls_acceptor.hpp"
#include "server/traffic.hpp"
#include "store/records.hpp"

namespace porter::detail::server {

class worker;

/// One connection: its socket with the frames, its timeouts, its slot, and how it ends. The coroutine serve() works
/// with it, on one worker's thread; the object lives as long as that coroutine.
///
/// A call that ends the connection sets the close reason. The first reason counts; every later call does nothing, and
/// close() is what is left to do.
class connection {
public:
    using time_point = connection_timeouts::time_point;

    /// On any thread; everything else on the worker's. `worker`, `options` and `log` outlive the connection.
    connection(stream socket, identity::address peer, worker& worker, options const& options, log::logger& log);
    ~connection();
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    /// Cancels what the connection's coroutine awaits, except reads and writes: abort() cancels those.
    asio::cancellation_slot cancellation_slot() noexcept { return cancellation_.slot(); }

    /// Registers with the worker, whose tick watches the connection from here on.
    void attach();
    /// The same, with a slot that may be evicted whenever the server waits for the peer, until access is committed.
    /// `slot` outlives the coroutine, whose own cancellation slot is `own`.
    void attach(connection_slot& slot, asio::cancellation_slot own);

    /// From a trusted proxy: reads the PROXY header that the stream begins with. Then address() is the client's, and
    /// the slot counts for the client's network.
    task<void> read_proxy_header();

    /// Waits for the first byte; where it begins a TLS handshake, completes that. Of a plaintext frame nothing is
    /// consumed. `tls`: null when TLS is off.
    task<void> detect_tls(tls_acceptor* tls);

    identity::address const& address() const noexcept { return address_; }

    /// TLS or plaintext, after detect_tls().
    store::transport transport() const noexcept
    {
        return socket_.is_established() ? store::transport::tls : store::transport::plain;
    }

    /// Frames and bytes so far, and the time of the accept.
    traffic const& exchanged() const noexcept { return traffic_; }
    time_point accepted_at() const noexcept { return timeouts_.started_at(); }

    /// Whether the peer closed within 5 s and without a byte beyond a PROXY header, as health checks of proxies and
    /// load balancers do; then the worker counts it. Once, after the end.
    bool count_health_check(time_point now);

    /// The next frame that has arrived. None: it is incomplete, or the connection has ended. Valid until read() or
    /// receive().
    std::optional<frame> next()
    {
        if (close_reason_) return std::nullopt;
        auto const received = socket_.decoder().next_frame(read_error_);
        if (received) {
            auto const payload = received->payload();
            timeouts_.on_frame();
            traffic_.received(address_, payload.front(), payload.size());
        } else if (read_error_) {
            end_with_frame_error(read_error_);
        }
        return received;
    }

    /// Waits until the read_scheduler lets the connection read, and then for bytes. Holds no buffer while the peer is
    /// silent. Another coroutine than serve() can be cancelled while it waits (operation_aborted): the read goes on,
    /// and the next call awaits it, so that nothing is lost. One coroutine at a time.
    task<void> read();

    /// Lets read() return without bytes; the next call awaits the same read.
    void interrupt_read();

    /// Flushes, and waits for one complete frame. None: ended.
    task<std::optional<frame>> receive();

    /// Queues a message; try_flush(), flush() or close() writes it.
    template <typename Message>
    void queue(Message const& message)
    {
        if (socket_.encoder().empty()) borrow_output();
        socket_.encoder().compose([&](std::string& payload) {
            protocol::encode(message, payload);
            traffic_.sent(address_, static_cast<std::byte>(payload.front()), payload.size());
        });
    }

    /// The same for what most messages are: a kind and a body.
    void queue(protocol::kind kind, std::string_view body)
    {
        if (socket_.encoder().empty()) borrow_output();
        socket_.encoder().add({std::as_bytes(std::span{&kind, 1}), base::as_bytes(body)});
        traffic_.sent(address_, static_cast<std::byte>(kind), body.size() + 1);
    }

    /// Queues a frame that next() returned since the last read(), from where it stands in the input where possible.
    void forward(frame const& received)
    {
        auto const payload = received.payload();
        traffic_.sent(address_, payload.front(), payload.size());
        if (socket_.encoder().forward(received.whole())) return;
        if (socket_.encoder().empty()) borrow_output();
        socket_.encoder().add(payload);
    }

    /// Queues `denied`, and ends the connection after too many of them.
    void deny(error const& denial);

    /// Whether the queued output should be written before more is queued.
    bool is_output_full() const noexcept { return socket_.encoder().size() >= output_limit; }

    /// Writes what the socket takes without waiting. False: flush() the rest, or ended.
    bool try_flush();

    /// Writes what is queued now; where another write is in progress, waits for that first. False: ended. At most two
    /// coroutines: one that receives and one that sends. After a cancellation (operation_aborted) the rest of the
    /// output stays queued.
    task<bool> flush();

    /// Whether the next read must wait for a flush() in progress: its output is full, or lies in the input buffer.
    bool must_flush_before_read() const noexcept { return is_output_full() || socket_.encoder().has_forwarded(); }
    bool is_flushing() const noexcept { return flushing_; }
    /// Whether a coroutine waits for another one's flush(): a third must not call it.
    bool is_flush_awaited() const noexcept { return concurrency_ && concurrency_->flush_waiter; }

    /// The queue of messages that are posted to this connection, from any thread.
    std::shared_ptr<outbox_queue> const& outbox();

    /// Sends what was posted: begins a write, or adds to the one in progress.
    void write_outbox();

    /// Writes what is queued before the coroutine waits for store or hash. False: ended.
    task<bool> flush_before_wait();

    /// Waits until the connection ends or the peer closes its side, which the next tick finds. Cancellable.
    task<void> wait_for_end();

    /// Why the connection ends; null: it does not.
    close_reason const* ended() const noexcept { return close_reason_.get(); }

    /// Ends it, from its coroutine.
    void end(close_reason reason);

    /// Ends it from outside. Reads and writes return at once, what a service awaits is cancelled; a wait for store or
    /// hash ends with the answer.
    void abort(close_reason reason);

    /// Ends it because its slot was given to another connection.
    void evict();

    /// Closes as the reason says: closing frame, half-close, discard input for a moment, close. After an eviction for
    /// which there is no permit, and without memory, it does not wait for the peer.
    task<void> close();

    /// Closes the socket at once.
    void close_socket();

    /// Takes a slot among the connections with access, for this account (0: none, or not known yet). False: there is
    /// none, and it has ended.
    bool commit_access(store::account_id account);
    /// Access is not granted after all.
    void uncommit_access();
    /// The account of a connection that committed access without one.
    void set_account(store::account_id account)
    {
        if (slot_ != nullptr) slot_->set_account(account);
    }

    /// Access was granted: stops the access timeout, and allows frames of options::max_frame.
    void on_access_granted();

    /// The session by which the worker finds it; it ends at `expires_at` at the latest.
    void set_session(store::session_id session, base::timestamp expires_at);
    store::session_id session() const noexcept { return session_; }

    /// Checks the timeouts; the worker calls it once a tick.
    void on_tick(time_point now, base::timestamp wall);

private:
    friend class read_scheduler;
    friend class worker;

    /// The states of one read(). `waiting` replaces `scheduled` and `reading` while the connection has no buffer:
    ///   idle       no read: the coroutine runs, or awaits something else
    ///   scheduled  read() has put it into the read_scheduler's queue, with a buffer
    ///   reading    a read of the socket is in progress, which a cancelled coroutine no longer awaits
    ///   waiting    without a buffer, until the socket is readable
    ///   ready      bytes or an error have come; resume() is next, and leads back to idle
    enum class read_state : std::uint8_t { idle, scheduled, reading, waiting, ready };

    // The transitions. The read_scheduler calls start_read(), try_read() and resume().
    void prepare_buffer();                                          // idle: before scheduled
    void start_wait();                                              // idle -> waiting
    void start_read();                                              // scheduled -> reading
    bool try_read(bool expect_input);                               // scheduled -> ready: true; or -> reading: false
    void on_read(base::error_code const& error, std::size_t size);  // reading -> ready
    void resume();                                                  // ready -> idle: runs the coroutine, if one waits
    void finish_read();
    task<void> await_read();
    void make_cancellable();
    void cancel_read();
    void resume_later(std::exception_ptr error);
    void end_unawaited(std::exception_ptr const& escaped);
    task<void> end_read();

    /// Marks a write in progress; its end resumes the coroutine that waits for it.
    struct flush_guard {
        explicit flush_guard(connection& conn_) : conn(conn_) { conn.flushing_ = true; }
        ~flush_guard() { conn.end_flush(); }
        flush_guard(flush_guard const&) = delete;
        flush_guard& operator=(flush_guard const&) = delete;
        connection& conn;
    };
    task<void> wait_for_flush();
    void end_flush();
    bool fill_from_outbox(std::size_t limit);
    void start_outbox_write();
    void on_outbox_written(base::error_code const& error, std::size_t size);
    void detach_outbox();

    /// What only some services use: those that do several things at once. On the heap, because most connections never
    /// have it.
    struct concurrency_state {
        std::optional<base::resume_handler<>> flush_waiter;  // waits for the write in progress
        std::shared_ptr<outbox_queue> outbox;
        std::optional<base::steady_timer> end_timer;  // never expires; its cancellation says that the connection ends
        bool is_peer_closed = false;
    };
    concurrency_state& concurrency();

    bool has_output() const noexcept { return !close_reason_ && !socket_.encoder().empty(); }
    void borrow_output();
    void on_written(std::size_t size, base::error_code const& error);
    void end_with_frame_error(base::error_code const& error);
    void end_with_error(base::error_code const& error);
    bool can_send_closing();
    task<void> drain_input();
    bool is_peer_gone();
    bool is_peer_closed();
    void wake_end_waiters();
    std::size_t held_memory() const noexcept;
    void count_memory();
    void update_memory();
    void release_buffer();
    void log_tls();

    // The members that every message uses come first.
    message_socket<stream> socket_;
    traffic traffic_;
    connection* next_scheduled_ = nullptr;  // in the read_scheduler's queue
    std::size_t bytes_read_ = 0;
    // Resumes the coroutine that awaits read(). It owns this object through that coroutine, so it must be called before
    // the server ends: tcp_server runs until every connection has ended.
    std::optional<base::resume_handler<std::exception_ptr>> resume_;
    base::error_code read_error_;  // of the read, or of the frame
    read_state read_state_ = read_state::idle;
    bool unbuffered_ = false;       // the peer has been silent: the next read waits without a buffer
    bool protocol_known_ = false;   // TLS or plaintext
    bool has_plain_input_ = false;  // a byte that is not TLS's came
    bool flushing_ = false;         // a write waits for the peer
    bool is_cancellable_ = false;   // the coroutine that awaits read() has a cancellation slot of its own
    std::uint8_t denials_ = 0;      // in this phase, those that are the peer's fault
    std::uint8_t all_denials_ = 0;  // in this phase, all denials
    worker& worker_;
    connection_slot* evictable_slot_ = nullptr;  // the slot while it can be evicted
    connection_slot* slot_ = nullptr;            // the slot, always
    std::unique_ptr<close_reason const> close_reason_;
    connection_timeouts timeouts_;
    std::unique_ptr<buffer_limiter::share> memory_;  // null: it holds little, which is not counted

    deadline close_deadline_;  // set: close() has begun
    store::session_id session_ = 0;
    base::timestamp session_expires_at_{};
    identity::address address_;
    asio::cancellation_signal cancellation_;
    asio::cancellation_slot own_slot_;                // of serve()'s coroutine
    std::unique_ptr<concurrency_state> concurrency_;  // null: not used yet

    // The worker's list of its connections.
    bool attached_ = false;
    connection* previous_ = nullptr;
    connection* following_ = nullptr;
};

}  // namespace porter::detail::server
