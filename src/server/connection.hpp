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
#include "server/socket_reader.hpp"
#include "server/socket_writer.hpp"
#include "server/tls_acceptor.hpp"
#include "server/traffic.hpp"
#include "server/worker_statistics.hpp"
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
    connection(stream socket, identity::address peer, worker& worker, base::published<options> const& options,
               log::logger& log);
    ~connection();
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    /// Cancels what the connection's coroutine awaits, except reads and writes: abort() cancels those.
    asio::cancellation_slot cancellation_slot() noexcept { return cancellation_.slot(); }

    /// Registers with the worker, whose tick watches the connection from here on.
    void attach();
    /// The same, with a slot that may be evicted whenever the server waits for the peer, until access is committed.
    /// `slot` outlives the coroutine.
    void attach(connection_slot& slot);

    /// From a trusted proxy: reads the PROXY header that the stream begins with. Then address() is the client's, and
    /// the slot counts for the client's network.
    task<void> read_proxy_header();

    /// Waits for the first byte; where it begins a TLS handshake, completes that. Of a plaintext frame nothing is
    /// consumed. `tls`: null when TLS is off.
    task<void> detect_tls(tls_acceptor* tls);

    /// Ends a connection from a banned network: because of a silent ban at any time, because of another one as soon as
    /// the client can be told, after detect_tls(). Later bans end it by worker::set_bans().
    void end_if_banned();

    identity::address const& address() const noexcept { return address_; }

    /// Whether it is a connection of a trusted proxy itself, as a health check, or before its PROXY header.
    bool is_of_proxy() const { return !proxied_ && is_proxy(timeouts_.options(), address_.ip()); }

    /// TLS or plaintext, after detect_tls().
    store::transport transport() const noexcept
    {
        return socket_.is_established() ? store::transport::tls : store::transport::plain;
    }

    /// Frames and bytes so far, and the time of the accept.
    traffic const& exchanged() const noexcept { return traffic_; }
    time_point accepted_at() const noexcept { return timeouts_.started_at(); }

    /// Those of its worker.
    worker_statistics& statistics() noexcept;

    /// Whether the peer closed within 5 s and without a byte beyond a PROXY header, as health checks of proxies and
    /// load balancers do; then the worker counts it. Once, after the end.
    bool count_health_check(time_point now);

    /// The next frame that has arrived. None: it is incomplete, or the connection has ended. Valid until read() or
    /// receive().
    std::optional<frame> next()
    {
        if (close_reason_) return std::nullopt;
        auto const received = socket_.decoder().next_frame(reader_.error());
        if (received) {
            auto const payload = received->payload();
            timeouts_.on_frame();
            traffic_.received(address_, payload.front(), payload.size());
        } else if (reader_.error()) {
            end_with_frame_error(reader_.error());
        }
        return received;
    }

    /// Waits until the read_scheduler lets the connection read, and then for bytes. Holds no buffer while the peer is
    /// silent. Another coroutine than serve() can be cancelled while it waits (operation_aborted): the read goes on,
    /// and the next call awaits it, so that nothing is lost. One coroutine at a time.
    task<void> read();

    /// Flushes, and waits for one complete frame. None: ended.
    task<std::optional<frame>> receive();

    /// Queues a message; try_flush(), flush() or close() writes it.
    template <typename Message>
    void queue(Message const& message)
    {
        if (is_sending_ended()) return;
        if (socket_.encoder().empty()) borrow_output();
        socket_.encoder().compose([&](std::string& payload) {
            protocol::encode(message, payload);
            traffic_.sent(address_, static_cast<std::byte>(payload.front()), payload.size());
        });
    }

    /// The same for what most messages are: a kind and a body.
    void queue(protocol::kind kind, std::string_view body)
    {
        if (is_sending_ended()) return;
        if (socket_.encoder().empty()) borrow_output();
        socket_.encoder().add({std::as_bytes(std::span{&kind, 1}), base::as_bytes(body)});
        traffic_.sent(address_, static_cast<std::byte>(kind), body.size() + 1);
    }

    /// Queues a frame that next() returned since the last read(), from where it stands in the input where possible.
    void forward(frame const& received)
    {
        if (is_sending_ended()) return;
        auto const payload = received.payload();
        traffic_.sent(address_, payload.front(), payload.size());
        if (socket_.encoder().forward(received.whole())) return;
        if (socket_.encoder().empty()) borrow_output();
        socket_.encoder().add(payload);
    }

    /// Queues a frame, header included, that is written from where it is, if nothing else is queued. Then the
    /// connection holds `memory`, in which it is, until take_lent_memory().
    void queue_in_place(std::unique_ptr<std::byte[]>& memory, frame const& whole);
    /// The memory, once it is written; null: there is none.
    std::unique_ptr<std::byte[]> take_lent_memory() noexcept;

    /// Queues `denied`, and ends the connection after too many of them.
    void deny(error const& denial);

    /// Whether the queued output should be written before more is queued.
    bool is_output_full() const noexcept { return socket_.encoder().size() >= output_limit; }

    /// Writes what the socket takes without waiting. False: flush() the rest, or ended.
    bool try_flush();

    /// Waits until what is queued now is written. False: ended. After a cancellation (operation_aborted) it is still
    /// written. Any number of coroutines.
    task<bool> flush();

    /// Whether the next read must wait for the write in progress: its output is full, or lies in the input buffer.
    bool must_write_before_read() const noexcept
    {
        bool const is_lent = concurrency_ && concurrency_->is_lent_pending;
        return is_output_full() || (socket_.encoder().has_forwarded() && !is_lent);
    }
    bool is_writing() const noexcept { return concurrency_ && concurrency_->writer.is_writing(); }

    /// Writes what is queued when the socket is full, and what is posted.
    socket_writer& writer() { return concurrency().writer; }

    /// The queue of messages that are posted to this connection, from any thread.
    std::shared_ptr<outbox_queue> const& outbox() { return writer().outbox(); }

    /// Sends what was posted: begins a write, or adds to the one in progress.
    void write_outbox() { writer().write_posted(); }

    /// Lets read() and the waits for a write return; the next calls wait for the same.
    void interrupt_waits();

    /// Writes what is queued before the coroutine waits for store or hash. False: ended.
    task<bool> flush_before_wait();

    /// Sends what is queued and posted, and `closing`; then shuts down the sending side. Every later message is
    /// dropped, and the peer must send something each options::half_closed_time. False: ended.
    task<bool> shutdown_send(close_reason reason);
    bool is_sending_ended() const noexcept { return sending_ != sending_state::open; }

    /// Whether the peer has shut down its sending side, between two frames and after access. Nothing is to be read.
    bool is_input_ended() const noexcept { return is_input_ended_; }

    /// From now on, a reset is noticed also while nothing is read: it ends the connection as abort() does.
    void end_on_reset() noexcept { ends_on_reset_ = true; }

    /// The service has returned.
    void end_service() { end(is_input_ended_ ? close_reason::half_closed() : close_reason::local(code::normal)); }

    /// The peer's address and port, and the address and port to which it has connected; behind a trusted proxy what the
    /// header states. The port is 0 when it is not known.
    asio::ip::tcp::endpoint peer_endpoint() const;
    asio::ip::tcp::endpoint local_endpoint() const;

    /// Bytes of the largest payload after access.
    std::size_t max_frame() const noexcept { return timeouts_.options().max_frame; }

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

    /// An account request of the peer that waits for its answer, which a coroutine of its own makes: a receive that is
    /// cancelled does not abandon it.
    enum class answer_state : std::uint8_t { none, due, running, done };

    /// The receive of the service. It is here because the message_loop would grow by more than these bytes.
    struct receive_state {
        bool is_in_progress = false;
        bool is_expired = false;  ///< its deadline has passed
        answer_state answer = answer_state::none;
    };
    receive_state& receiving() noexcept { return receiving_; }

    /// The transitions due -> running -> done -> none. The last one throws what the answer has thrown.
    void on_answer_started();
    void on_answered(std::exception_ptr escaped);
    void end_answer();

    io_executor executor() const noexcept;

    /// Checks the timeouts; the worker calls it once a tick.
    void on_tick(time_point now, base::timestamp wall);

private:
    friend class socket_reader;
    friend class socket_writer;
    friend class worker;

    struct reason_deleter {
        void operator()(close_reason const* reason) const noexcept;
    };

    // What the socket_reader and the socket_writer use.
    message_socket<stream>& socket() noexcept { return socket_; }
    worker& owner() noexcept { return worker_; }
    bool is_own(asio::cancellation_slot slot) const noexcept { return reader_.is_own(slot); }
    std::size_t max_outbox() const noexcept { return timeouts_.options().max_outbox; }
    void prepare_buffer();
    void on_read(base::error_code const& error, std::size_t size);
    void on_read_cancelled() { timeouts_.stop_read(); }
    void on_unawaited_error();

    /// What only some services use: those that do several things at once. On the heap, because most connections never
    /// have it.
    struct concurrency_state {
        explicit concurrency_state(connection& conn) : writer(conn) {}
        socket_writer writer;
        std::optional<base::steady_timer> end_timer;  // never expires; its cancellation says that the connection ends
        std::exception_ptr answer_error;
        std::unique_ptr<std::byte[]> lent_memory;  // of a frame that is written from where it is
        bool is_lent_pending = false;              // that frame is in the output
        bool is_peer_closed = false;
    };
    concurrency_state& concurrency();

    bool has_output() const noexcept { return !close_reason_ && !socket_.encoder().empty(); }
    void borrow_output();
    void on_written(std::size_t size, base::error_code const& error);
    void end_with_frame_error(base::error_code const& error);
    void end_with_error(base::error_code const& error);
    bool end_with_send_error(base::error_code const& error);
    bool can_send_closing();
    task<void> drain_input();
    void probe_peer(time_point now);
    void resume_end_waiters();
    std::size_t held_memory() const noexcept;
    void count_memory();
    void update_memory();
    void log_tls();

    /// The client's address and the server's, from a PROXY header.
    struct proxied_endpoints {
        asio::ip::tcp::endpoint client;
        asio::ip::tcp::endpoint server;
    };

    enum class sending_state : std::uint8_t { open, closing, shut_down };

    // The members that every message uses come first.
    message_socket<stream> socket_;
    traffic traffic_;
    socket_reader reader_{*this};
    bool protocol_known_ = false;   // TLS or plaintext
    bool has_plain_input_ = false;  // a byte that is not TLS's came
    bool is_aborted_ = false;       // abort() was called
    bool is_input_ended_ = false;
    bool ends_on_reset_ = false;
    time_point probe_at_{};  // of a peer that has ended its input
    sending_state sending_ = sending_state::open;
    receive_state receiving_;
    std::uint8_t denials_ = 0;      // in this phase, those that are the peer's fault
    std::uint8_t all_denials_ = 0;  // in this phase, all denials
    worker& worker_;
    connection_slot* evictable_slot_ = nullptr;  // the slot while it can be evicted
    connection_slot* slot_ = nullptr;            // the slot, always
    std::unique_ptr<close_reason const, reason_deleter> close_reason_;
    connection_timeouts timeouts_;
    std::unique_ptr<buffer_limiter::share> memory_;  // null: it holds little, which is not counted

    deadline close_deadline_;  // set: close() has begun
    store::session_id session_ = 0;
    base::timestamp session_expires_at_{};
    identity::address address_;
    asio::cancellation_signal cancellation_;
    std::unique_ptr<concurrency_state> concurrency_;    // null: not used yet
    std::unique_ptr<proxied_endpoints const> proxied_;  // null: the peer is no proxy

    // The worker's list of its connections.
    bool attached_ = false;
    connection* previous_ = nullptr;
    connection* following_ = nullptr;
};

}  // namespace porter::detail::server
