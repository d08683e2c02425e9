#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "porter/access.hpp"
#include "porter/error.hpp"
#include "porter/logger.hpp"
#include "porter/outbox.hpp"
#include "porter/result.hpp"
#include "porter/task.hpp"

namespace porter {

namespace detail::server {
class message_loop;
}

/// What a message contains.
enum class message_kind : std::uint8_t {
    text = 0x40,  ///< UTF-8
    data = 0x41,  ///< any bytes
};

/// One message. If the peer sent it, the body is a view into the connection's input, valid until the next receive.
struct message {
    message_kind kind = message_kind::text;  ///< what the body is
    std::string_view body;                   ///< text: valid UTF-8; data: any bytes. Both may be empty

    /// Whether it is a text.
    bool is_text() const noexcept { return kind == message_kind::text; }
};

/// The messages that have arrived, decoded one by one while you iterate (once). If you stop early, the next receive
/// returns the rest. A message is valid until the iterator moves, its body until the next receive on the connection.
class batch {
public:
    /// An input iterator: incrementing it decodes the next message.
    class iterator {
    public:
        using value_type = message;              ///< what it points to
        using difference_type = std::ptrdiff_t;  ///< unused: messages are not counted

        ///@{
        /// The message that it points to.
        message const& operator*() const noexcept { return *current_; }
        message const* operator->() const noexcept { return current_; }
        ///@}
        ///@{
        /// Goes on to the next message.
        iterator& operator++();
        void operator++(int) { ++*this; }
        ///@}
        /// Whether there is no further message.
        bool operator==(std::default_sentinel_t) const noexcept { return current_ == nullptr; }

    private:
        friend class batch;
        iterator(detail::server::message_loop& source, message const* first) : source_(&source), current_(first) {}
        detail::server::message_loop* source_;
        message const* current_;
    };

    /// Starts with the message that made the batch.
    iterator begin() const noexcept;
    std::default_sentinel_t end() const noexcept { return {}; }  ///< after the last message that has arrived

private:
    friend class detail::server::message_loop;
    explicit batch(detail::server::message_loop& source) : source_(&source) {}
    detail::server::message_loop* source_;
};

/// Why a receive with a deadline returned no message.
enum class receive_errc : std::uint8_t {
    ended,      ///< the connection has ended
    timed_out,  ///< no message arrived in time; the next receive loses nothing
};

/// Memory for the body of a data message, which is written from where it is: for a service that sends much (see
/// connection::send). Its memory is not zeroed.
class data_buffer {
public:
    explicit data_buffer(std::size_t largest);  ///< bytes of the largest body. Throws std::bad_alloc

    /// Where the body goes. Empty while the connection holds the memory: during a send, and after one that threw.
    std::span<std::byte> body() noexcept
    {
        return memory_ ? std::span{memory_.get() + header_size, size_} : std::span<std::byte>{};
    }
    /// The same for a read of Asio, whose version in Debian 12 takes no span.
    asio::mutable_buffer asio_buffer() noexcept { return {body().data(), body().size()}; }

private:
    friend class detail::server::message_loop;
    static constexpr std::size_t header_size = 5;  // of a data message: its length and kind
    std::span<std::byte const> complete(std::size_t size) noexcept;

    std::unique_ptr<std::byte[]> memory_;
    std::size_t size_;
};

/// A connection with access, as a service sees it. While the service receives, the connection answers pings and account
/// requests and enforces limits. Once the peer has closed, the server has closed the connection or the server stops,
/// receives return empty and sends do nothing: return then.
///
/// Half-close: when the peer shuts down its sending side only, receives return empty, too, while sends still work until
/// the peer is gone: is_open() tells. A service that has more to say may go on, any other just returns; what is queued
/// is sent. shutdown_send() is the same for the server's side.
///
/// Lifetime: it lives as long as the service's coroutine runs. What outlives that is its outbox(). A timer or socket
/// with its executor may outlive the service, but not the server, whose I/O threads the executor belongs to.
///
/// Threads: a connection lives on one I/O thread, on which its service runs; use it there only. From anywhere else use
/// its outbox().
///
/// Concurrency: one coroutine may receive while others send, as in `co_await (reader(client) || writer(client))` with
/// asio::experimental::awaitable_operators. All must have ended when the service returns. A second receive at the same
/// time throws std::logic_error and ends this connection with code::internal. While output waits for a slow peer, the
/// receiving coroutine goes on until 64 KiB are queued, or until its latest replies are echoes, which are written from
/// the input buffer.
///
/// Cancellation: a receive can be cancelled, as by `||`; it throws asio::error::operation_aborted, and the next receive
/// gets the message. A flush or send that is cancelled throws, too; its messages are written all the same. When the
/// server closes the connection or stops, it cancels whatever else the service awaits (timers, other sockets), and
/// again about once a second until the service returns; the exception may leave the service. That includes a receive
/// within an operator such as `||`, which then throws asio::multiple_exceptions: a std::exception, but no
/// std::system_error. A close by the peer is reported by the next receive or send, and by closed().
///
/// Errors: std::bad_alloc; std::logic_error as above. An exception that leaves the service is logged and ends the
/// connection with code::internal.
class connection {
public:
    std::string_view name() const noexcept;            ///< the client's name; empty in open access
    std::string_view address() const noexcept;         ///< the canonical IP address
    porter::auth_method auth_method() const noexcept;  ///< how the client got access, and so whether name() is proved
    std::uint64_t session() const noexcept;            ///< the session's id; 0 without an account

    bool is_tls() const noexcept;  ///< TLS, not plain TCP

    /// The peer's canonical address and its port, and the address and port of the server that it has connected to;
    /// behind a trusted proxy those that the PROXY header states. A port is 0 when it is not known.
    asio::ip::tcp::endpoint peer_endpoint() const;
    asio::ip::tcp::endpoint local_endpoint() const;  ///< see peer_endpoint()

    /// Bytes of the largest body that the client accepts and sends (server_options::max_frame, less one).
    std::size_t max_body() const noexcept;

    /// Whether the connection has not ended. After a receive has returned empty: whether the peer has shut down its
    /// sending side alone, so that sends still work.
    bool is_open() const noexcept;

    std::uint64_t id() const noexcept;  ///< numbers the server's connections, as `connection` in the log

    /// The server's log, for lines that begin with this connection's address and number. Valid as long as this.
    connection_logger log() const;

    /// Waits until at least one message has arrived and returns all that have. Writes queued replies before it waits.
    /// Empty: the connection has ended.
    task<std::optional<batch>> receive_some();

    /// The same with a deadline, for a heartbeat or a request that must be answered. 0: only what has arrived. A
    /// receive that is writing replies to a slow peer, or waits for the store on an account request of the peer, ends
    /// it first.
    task<result<batch, receive_errc>> receive_some_for(std::chrono::nanoseconds limit);

    /// The next message that has already arrived, or null. Never suspends. Valid until the next message is taken, its
    /// body until the next receive. For the coroutine that receives.
    message const* next();

    /// Waits for one message. Empty: the connection has ended. The message is valid until the next receive.
    task<std::optional<message>> receive();

    /// The same with a deadline.
    task<result<message, receive_errc>> receive_for(std::chrono::nanoseconds limit);

    /// Waits for one text and returns a copy. Answers a data message with denied(not_supported) and skips it. Empty:
    /// the connection has ended.
    task<std::optional<std::string>> receive_text();
    /// The same with a deadline for the text, however many data messages come before it.
    task<result<std::string, receive_errc>> receive_text_for(std::chrono::nanoseconds limit);

    /// Queues a text, which must be valid UTF-8. Never suspends: it is written before the next wait of a receive, or by
    /// flush(). `text` is copied, unless it is the body of the latest message received: that one is written from the
    /// input buffer. There is no limit: flush where you queue without receiving. The client ends the connection for a
    /// text that is not valid UTF-8, or a message over its limit (docs/PROTOCOL.md, frames); neither is checked here.
    void queue(std::string_view text);
    /// The same for any bytes, as a data message.
    void queue_data(std::string_view bytes);
    /// The same for a message of either kind.
    void queue(message const& outgoing);

    /// Writes what is queued; suspends while the peer is slow. False: the connection has ended.
    task<bool> flush();

    ///@{
    /// Queues a message, and flushes when it is awaited. The call copies, so the argument may be a temporary.
    task<bool> send(std::string_view text);
    task<bool> send_data(std::string_view bytes);
    task<bool> send(message const& outgoing);
    ///@}

    /// Sends the first `size` bytes of the buffer's body as one data message, without a copy if nothing else is queued.
    /// The connection holds the memory until it is written; when this throws (it was cancelled), the buffer stays
    /// empty. `size` is at most max_body(); over body().size(), std::logic_error ends this connection (code::internal).
    task<bool> send(data_buffer& buffer, std::size_t size);

    /// Ends the server's side, and goes on receiving: queued and posted messages are sent, then closing(value, reason),
    /// and the sending side is shut down. Every later message is dropped, also what answers pings and requests. Posts
    /// to the outbox return gone. Receive until that returns empty. The connection ends when the peer sends nothing for
    /// 30 s. False: the connection has ended, or this was called before. Cancelled: the rest is sent when the service
    /// has returned.
    task<bool> shutdown_send(code value = code::normal, std::string reason = {});

    /// From now on a connection that the peer has reset, or that TCP's keepalive has found dead, ends within about a
    /// second also while the service does not receive, and whatever the service awaits is cancelled. A peer that has
    /// ended its side gets a ping after 2 s and then each 10 s, which one that has gone answers with a reset. For a
    /// service that has nothing to do without its peer. Otherwise the next receive or send reports the end, so that
    /// messages that came before are still received.
    void end_on_reset() noexcept;

    /// Closes the connection: queued and posted messages are sent, then closing(value, reason), and whatever the
    /// service awaits is cancelled. `reason` is for people, in UTF-8, at most a line. Does nothing when the connection
    /// has ended. Return from the service then. slow_consumer drops what was posted.
    void close(code value, std::string reason = {});

    /// Waits until the connection has ended or the peer has closed its side, for a service that waits for something
    /// else: `co_await (work(client) || client.closed())`. A close by the peer is noticed within about a second of its
    /// arrival; messages that came before it can still be received. Any number of coroutines may wait. Cancellable.
    task<void> closed();

    /// The queue through which other coroutines and threads send to this client.
    porter::outbox outbox();

private:
    friend class detail::server::message_loop;
    explicit connection(detail::server::message_loop& loop) : loop_(&loop) {}
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    detail::server::message_loop* loop_;
};

/// The handler of a connection that has access: a coroutine. When it returns, the server closes the connection in
/// order; an exception that leaves it is logged and closes the connection with code::internal. All connections and
/// threads share the function object.
using service = std::function<task<void>(connection&)>;

}  // namespace porter
