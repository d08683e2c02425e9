#pragma once

#include <asio/async_result.hpp>
#include <asio/buffer.hpp>
#include <asio/compose.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/asio.hpp"
#include "porter/error.hpp"
#include "tls/engine.hpp"
#include "tls/handshake_threads.hpp"

namespace porter::detail::tls {

/// A TCP socket that can turn to TLS. It is plain, and exactly the socket that it is made from, until a handshake
/// begins; from then on it is TLS for good: what cannot be encrypted is not sent. On one thread at a time, as any
/// socket, where one coroutine may read while another one writes.
///
/// Over TLS, asio::error::eof means that the peer said close_notify, and errc::truncated that its bytes ended without
/// it. While nothing is under way a connection has no buffers: reads and writes wait for the socket to be ready,
/// and what is encrypted is kept only until it is sent.
///
/// Cancelling (by cancel() or the coroutine's cancellation) ends a wait with operation_aborted and loses nothing:
/// reading and writing go on where they stopped. A cancelled write says how many bytes it has taken; they are sent
/// before the next ones, or by end_sending().
class stream : public base::tcp_socket {
public:
    using time_point = std::chrono::steady_clock::time_point;

    using base::tcp_socket::tcp_socket;
    explicit stream(base::tcp_socket&& connected) : base::tcp_socket(std::move(connected)) {}
    stream(stream&&) = default;
    stream& operator=(stream&&) = default;
    ~stream() = default;

    /// Shakes hands as the server. Success: both sides speak porter/1 over TLS 1.3. Errors: timed_out when it takes
    /// until `deadline`, operation_aborted when cancelled, the socket's own, and those of tls::category(). After an
    /// error, close it. `context` may end as soon as this was called.
    task<base::error_code> accept_tls(server_context const& context, time_point deadline);

    /// The same, where a ClientHello is answered on one of these threads, by turns of the sites (base::site_of).
    /// `threads` outlive the task.
    task<base::error_code> accept_tls(server_context const& context, time_point deadline, handshake_threads& threads,
                                      std::string site);

    /// The same as the client of `host`, a name or an IP address. On success: who the server is, for the caller to
    /// judge before the first byte is sent to it.
    task<result<peer_identity, base::error_code>> connect_tls(client_context const& context, std::string const& host,
                                                              time_point deadline);

    /// Whether a handshake has begun: then nothing is sent in the clear any more.
    bool is_tls() const noexcept { return tls_ != nullptr; }
    /// Whether it has succeeded.
    bool is_established() const noexcept { return tls_ && tls_->engine.is_established(); }

    /// What was agreed on; none: it is not established.
    std::optional<tls::agreement> agreement() const;

    /// Bytes that TLS holds for reads and writes that are under way; 0 on a plain socket. While another thread answers
    /// a ClientHello: what they were before.
    std::size_t buffered() const noexcept;

    /// Sends what earlier writes left, says close_notify over TLS, and shuts the sending side down.
    task<base::error_code> end_sending();

    void cancel();
    void cancel(base::error_code& error);

    template <typename Buffers, typename Token>
    auto async_read_some(Buffers const& buffers, Token&& token)
    {
        return asio::async_initiate<Token, void(base::error_code, std::size_t)>(start_read{this}, token, buffers);
    }

    template <typename Buffers, typename Token>
    auto async_write_some(Buffers const& buffers, Token&& token)
    {
        return asio::async_initiate<Token, void(base::error_code, std::size_t)>(start_write{this}, token, buffers);
    }

    /// Writes what a plain socket that is non-blocking takes at once. would_block: nothing, or it is TLS, which has to
    /// be waited for; async_write_some() does.
    std::size_t try_write_some(asio::const_buffer bytes, base::error_code& error);

    /// The same for reading.
    std::size_t try_read_some(asio::mutable_buffer room, base::error_code& error);

    // These would go past TLS. Before a handshake, the socket underneath has them.
    template <typename... Arguments>
    std::size_t receive(Arguments&&...) = delete;
    template <typename... Arguments>
    std::size_t read_some(Arguments&&...) = delete;
    template <typename... Arguments>
    std::size_t send(Arguments&&...) = delete;
    template <typename... Arguments>
    std::size_t write_some(Arguments&&...) = delete;
    template <typename... Arguments>
    void async_receive(Arguments&&...) = delete;
    template <typename... Arguments>
    void async_send(Arguments&&...) = delete;

private:
    using signature = void(base::error_code, std::size_t);

    struct outcome {
        base::error_code error;
        std::size_t size = 0;
    };

    /// What a stream has beyond its socket; it stays in place when the stream is moved.
    struct tls_state {
        template <typename... Arguments>
        explicit tls_state(Arguments const&... arguments) : engine(arguments...)
        {}

        tls::engine engine;
        std::size_t cancels = 0;                  // counted, for those that were between two waits
        handshake_threads* threads = nullptr;     // where ClientHellos are answered; none: on the socket's own
        std::optional<std::size_t> given_away{};  // what the engine held when another thread got it
    };

    /// A read or a write over TLS: waits until the socket is ready, then moves bytes between it and the engine, until
    /// that gives an outcome.
    template <typename Move>
    struct operation {
        stream* self;
        Move move;
        std::size_t cancels_before;
        bool begun = false;
        std::optional<outcome> found{};

        template <typename Composed>
        void operator()(Composed& composed, base::error_code failed = {})
        {
            if (!found) found = move(*self, failed);
            if (!found) {
                bool const cancelled = self->tls_->cancels != cancels_before ||
                                       composed.get_cancellation_state().cancelled() != asio::cancellation_type::none;
                if (cancelled) found = move(*self, asio::error::operation_aborted);
            }
            if (!found) {
                begun = true;
                self->async_wait(Move::until, std::move(composed));
            } else if (!begun) {
                begun = true;  // never from within the call that began it; and others have their turn
                asio::post(self->get_executor(), std::move(composed));
            } else {
                composed.complete(found->error, found->size);
            }
        }
    };

    struct reading {
        static constexpr wait_type until = wait_read;
        asio::mutable_buffer room;
        bool waited = false;
        std::optional<outcome> operator()(stream& self, base::error_code failed)
        {
            return self.read(room, waited, failed);
        }
    };

    struct writing {
        static constexpr wait_type until = wait_write;
        asio::const_buffer plain;
        std::size_t taken = 0;
        std::optional<outcome> operator()(stream& self, base::error_code failed)
        {
            return self.write(plain, taken, failed);
        }
    };

    struct start_read {
        stream* self;
        using executor_type = io_executor;
        executor_type get_executor() const noexcept { return self->get_executor(); }

        template <typename Handler, typename Buffers>
        void operator()(Handler&& handler, Buffers const& buffers) const
        {
            if (!self->tls_) {
                self->base::tcp_socket::async_read_some(buffers, std::forward<Handler>(handler));
            } else {
                asio::mutable_buffer const first = *asio::buffer_sequence_begin(buffers);
                self->start<reading>({first}, handler);
            }
        }
    };

    struct start_write {
        stream* self;
        using executor_type = io_executor;
        executor_type get_executor() const noexcept { return self->get_executor(); }

        template <typename Handler, typename Buffers>
        void operator()(Handler&& handler, Buffers const& buffers) const
        {
            if (!self->tls_) {
                self->base::tcp_socket::async_write_some(buffers, std::forward<Handler>(handler));
            } else {
                asio::const_buffer const first = *asio::buffer_sequence_begin(buffers);
                self->start<writing>({first}, handler);
            }
        }
    };

    template <typename Move, typename Handler>
    void start(Move move, Handler& handler)
    {
        asio::async_compose<Handler, signature>(operation<Move>{this, move, tls_->cancels}, handler, *this);
    }

    task<base::error_code> shake_hands_until(time_point deadline, std::string site);
    task<result<peer_identity, base::error_code>> tls_handshake(time_point deadline);
    task<base::error_code> shake_hands(std::string const& site);
    task<std::optional<engine::progress>> take_step(std::string const& site);
    task<base::error_code> send_all();

    // One step each, without waiting; none: wait first.
    std::optional<outcome> read(asio::mutable_buffer room, bool& waited, base::error_code failed);
    std::optional<outcome> write(asio::const_buffer plain, std::size_t& taken, base::error_code failed);
    base::error_code send_ready();
    base::error_code receive_ready();
    bool is_answered_in_the_clear();

    std::unique_ptr<tls_state> tls_;  // none: plain
};

}  // namespace porter::detail::tls
