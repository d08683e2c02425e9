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
#include "porter/result.hpp"
#include "tls/engine.hpp"
#include "tls/handshake_threads.hpp"

namespace porter::detail::tls {

/// A TCP socket that can switch to TLS. It behaves as the plain socket until a handshake starts; from then on it never
/// sends plaintext. On one thread at a time, as any socket; one coroutine may read while another one writes.
///
/// Over TLS, asio::error::eof means that the peer sent close_notify, and errc::truncated that the connection ended
/// without it. An idle connection has no buffers: reads and writes wait until the socket is ready, and encrypted output
/// is kept only until it is sent.
///
/// Cancellation (by cancel() or of the coroutine) ends a wait with operation_aborted and loses nothing: the next read
/// or write continues where it stopped. A cancelled write returns how many bytes it has taken; they are sent before the
/// next ones, or by end_sending().
class stream : public base::tcp_socket {
public:
    using time_point = std::chrono::steady_clock::time_point;

    using base::tcp_socket::tcp_socket;
    explicit stream(base::tcp_socket&& connected) : base::tcp_socket(std::move(connected)) {}
    stream(stream&&) = default;
    stream& operator=(stream&&) = default;
    ~stream() = default;

    /// The server's handshake. On success both sides use porter/1 over TLS 1.3. Errors: timed_out at `deadline`,
    /// operation_aborted when cancelled, the socket's errors, and those of tls::category(). After an error, close the
    /// stream. `context` may be destroyed once this function has returned its task.
    task<base::error_code> accept_tls(server_context const& context, time_point deadline);

    /// The same, with ClientHellos processed on these threads, round robin by site (base::site_of). `threads` must
    /// outlive the task.
    task<base::error_code> accept_tls(server_context const& context, time_point deadline, handshake_threads& threads,
                                      std::string site);

    /// The client's handshake with `host`, a name or an IP address. Returns the server's identity, which the caller
    /// must check before it sends anything.
    task<result<peer_identity, base::error_code>> connect_tls(client_context const& context, std::string const& host,
                                                              time_point deadline);

    /// Whether a handshake has started: from then on no plaintext is sent.
    bool is_tls() const noexcept { return tls_ != nullptr; }
    /// Whether it has succeeded.
    bool is_established() const noexcept { return tls_ && tls_->engine.is_established(); }

    /// The negotiated parameters; none: not established.
    std::optional<tls::agreement> agreement() const;

    /// Bytes of TLS's buffers; 0 on a plain socket. While another thread processes a ClientHello: the value before
    /// that.
    std::size_t buffered() const noexcept;

    /// Sends unsent output and, over TLS, close_notify; then shuts down the sending side.
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

    /// Writes to a plain non-blocking socket without waiting. would_block: the socket accepts nothing, or the stream
    /// uses TLS: call async_write_some().
    std::size_t try_write_some(asio::const_buffer bytes, base::error_code& error);

    /// The same for read_step.
    std::size_t try_read_some(asio::mutable_buffer buffer, base::error_code& error);

    // These would bypass TLS. Before a handshake, call them on the base class.
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

    /// The TLS state. Its address does not change when the stream is moved.
    struct tls_state {
        template <typename... Arguments>
        explicit tls_state(Arguments const&... arguments) : engine(arguments...)
        {}

        tls::engine engine;
        std::size_t cancels = 0;                     // counted, to notice a cancel() between two waits
        handshake_threads* threads = nullptr;        // process ClientHellos; null: the socket's thread does
        std::optional<std::size_t> lent_capacity{};  // of the engine's buffers while another thread uses it
    };

    /// A read or a write over TLS: waits until the socket is ready and moves bytes between it and the engine, until
    /// there is an outcome.
    template <typename Move>
    struct operation {
        stream* self;
        Move move;
        std::size_t cancels_before;
        bool suspended = false;
        std::optional<outcome> result{};

        template <typename Composed>
        void operator()(Composed& composed, base::error_code failed = {})
        {
            if (!result) result = move(*self, failed);
            if (!result) {
                bool const cancelled = self->tls_->cancels != cancels_before ||
                                       composed.get_cancellation_state().cancelled() != asio::cancellation_type::none;
                if (cancelled) result = move(*self, asio::error::operation_aborted);
            }
            if (!result) {
                suspended = true;
                self->async_wait(Move::until, std::move(composed));
            } else if (!suspended) {
                suspended = true;  // a handler must not run within its initiation; other handlers may run first
                asio::post(self->get_executor(), std::move(composed));
            } else {
                composed.complete(result->error, result->size);
            }
        }
    };

    struct read_step {
        static constexpr wait_type until = wait_read;
        asio::mutable_buffer buffer;
        bool waited = false;
        std::optional<outcome> operator()(stream& self, base::error_code failed)
        {
            return self.read(buffer, waited, failed);
        }
    };

    struct write_step {
        static constexpr wait_type until = wait_write;
        asio::const_buffer plaintext;
        std::size_t taken = 0;
        std::optional<outcome> operator()(stream& self, base::error_code failed)
        {
            return self.write(plaintext, taken, failed);
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
                self->start<read_step>({first}, handler);
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
                self->start<write_step>({first}, handler);
            }
        }
    };

    template <typename Move, typename Handler>
    void start(Move move, Handler& handler)
    {
        asio::async_compose<Handler, signature>(operation<Move>{this, move, tls_->cancels}, handler, *this);
    }

    task<base::error_code> handshake_until(time_point deadline, std::string site);
    task<result<peer_identity, base::error_code>> connect_handshake(time_point deadline);
    task<base::error_code> handshake(std::string const& site);
    task<std::optional<engine::progress>> run_step(std::string const& site);
    task<base::error_code> send_all();

    // One attempt each, without waiting; none: wait first.
    std::optional<outcome> read(asio::mutable_buffer buffer, bool& waited, base::error_code failed);
    std::optional<outcome> write(asio::const_buffer plaintext, std::size_t& taken, base::error_code failed);
    base::error_code send_ready();
    base::error_code receive_ready();
    bool has_plaintext_reply();

    std::unique_ptr<tls_state> tls_;  // none: plain
};

}  // namespace porter::detail::tls
