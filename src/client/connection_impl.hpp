#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/condition_variable.hpp"
#include "base/secret.hpp"
#include "client/open_stream.hpp"
#include "client/pending_request.hpp"
#include "client/receive_window.hpp"
#include "client/reply.hpp"
#include "porter/client.hpp"
#include "porter/message_socket.hpp"
#include "protocol/codec.hpp"

namespace porter::detail::client {

inline constexpr std::uint32_t server_overhead = 1024;  ///< how much longer than the limit a server's frame may be

/// The connection behind a porter::client. It runs four coroutines: the read loop, so that pings are answered and a
/// `closing` is noticed whatever the caller does; the write loop, so that reading does not wait for a server that does
/// not read; and the watches of the server's acknowledgements and of the close timeout. The operations queue output and
/// wait for these coroutines. All of it runs on one thread. Each coroutine and each operation shares ownership of the
/// connection.
class connection_impl {
public:
    using time_point = base::condition_variable::time_point;

    connection_impl(opened_stream opened, client_options options);
    connection_impl(connection_impl const&) = delete;
    connection_impl& operator=(connection_impl const&) = delete;

    /// Starts the coroutines.
    static void start(std::shared_ptr<connection_impl> const& self);

    /// Sends hello and waits for the welcome and, where the server grants access without a request, for that.
    static task<client_result<void>> open(std::shared_ptr<connection_impl> self);

    /// Sends a request, an encoded payload, and waits for the reply, at most for the timeout of the options. Then the
    /// connection is closed before access, and after access the late reply is skipped.
    static task<client_result<reply>> request(std::shared_ptr<connection_impl> self, base::secret payload,
                                              reply_kind expected);

    /// Queues a text or data message. The connection must not have ended.
    void queue(message const& outgoing);

    /// Waits until the messages that are queued are written.
    static task<client_result<void>> flush(std::shared_ptr<connection_impl> self);

    /// Writes the queue and shuts down the sending side.
    static task<client_result<void>> shutdown_send(std::shared_ptr<connection_impl> self);

    /// The error of a message after shutdown_send().
    std::optional<client_error> send_error() const;

    static task<result<message, receive_errc>> receive(std::shared_ptr<connection_impl> self, time_point deadline);
    static task<result<std::string, receive_errc>> receive_text(std::shared_ptr<connection_impl> self,
                                                                time_point deadline);
    message const* next();

    /// The memory of the messages that have arrived and were not received yet.
    std::size_t unreceived() const noexcept { return window_.size(); }

    /// Waits until the connection has ended.
    static task<void> wait_until_ended(std::shared_ptr<connection_impl> self);

    /// Sends `closing` and waits until the server has closed, or for the limit of the protocol.
    static task<void> close(std::shared_ptr<connection_impl> self);

    /// Closes the socket at once, without a `closing`.
    void close_socket();

    server_info const& server() const noexcept { return server_; }
    access_granted const* granted() const noexcept { return granted_ ? &*granted_ : nullptr; }
    client_error const* ended() const noexcept { return ended_ ? &*ended_ : nullptr; }
    bool receive_ended() const noexcept { return ended_ || receive_end_; }
    client_error const* refused_data() const noexcept { return refused_data_ ? &*refused_data_ : nullptr; }
    bool is_remote() const noexcept { return is_remote_; }
    std::string const& server_key() const noexcept { return server_key_; }
    std::string const& server_authority() const noexcept { return server_authority_; }
    porter::trust_source trust_source() const noexcept { return trust_source_; }

private:
    static task<void> read_loop(std::shared_ptr<connection_impl> self);
    static task<void> read_some(std::shared_ptr<connection_impl> self, base::error_code& error);
    static task<base::error_code> wait_for_hang_up(std::shared_ptr<connection_impl> self);
    static task<void> write_loop(std::shared_ptr<connection_impl> self);
    static task<base::error_code> write_queued(std::shared_ptr<connection_impl> self);
    static task<base::error_code> write_messages(std::shared_ptr<connection_impl> self);
    static task<void> send_closing(std::shared_ptr<connection_impl> self);
    static task<void> watch_server(std::shared_ptr<connection_impl> self);
    static task<void> watch_close(std::shared_ptr<connection_impl> self);
    static task<client_result<reply>> wait_for_reply(std::shared_ptr<connection_impl> self,
                                                     std::shared_ptr<pending_request> pending);

    void dispatch_frames();
    void dispatch(base::bytes_view payload);
    void on(protocol::text const& message);
    void on(protocol::data const& message);
    void on(protocol::ping const& message);
    void on(protocol::pong const&) {}
    void on(protocol::closing const& message);
    void on(protocol::welcome const& message);
    void on(protocol::granted const& message);
    void on(protocol::denied const& message);
    void on(protocol::done const& message);
    void on(protocol::sessions const& message);
    void on(protocol::enrolment const& message);

    std::optional<client_error> size_error(base::secret const& payload) const;
    std::shared_ptr<pending_request> add_request(reply_kind expected);
    void resolve(reply_kind kind, reply with);
    bool is_reply_awaited() const noexcept;
    std::optional<time_point> end_of_pause();
    std::size_t kernel_buffer() const;
    client_error read_error(base::error_code error) const;

    void end_receiving(client_error end);
    void resolve_pending(client_error const& error);
    void fail(client_error error);
    void begin_close(client_error error, code closing_code);
    void fail_protocol(code violated, std::string reason);

    io_executor executor_;
    message_socket<stream> socket_;
    client_options options_;
    bool is_remote_;
    std::string server_key_;
    std::string server_authority_;
    porter::trust_source trust_source_;

    server_info server_;
    std::optional<access_granted> granted_;
    std::optional<client_error> ended_;
    std::optional<client_error> receive_end_;  // with half_close: the server's closing(normal)
    std::optional<client_error> refused_data_;

    std::deque<std::shared_ptr<pending_request>> pending_;  // the server replies in this order
    std::shared_ptr<pending_request> implied_grant_;        // the access that follows the welcome without a request
    std::deque<base::secret> requests_;  // whole frames, wiped after sending; the encoder's buffer is not
    receive_window window_;
    std::uint64_t written_ = 0;     // bytes of messages
    bool receiving_ = false;        // a coroutine waits in receive()
    bool open_ = true;              // the read loop runs
    bool output_broken_ = false;    // a write has failed
    bool send_shutdown_ = false;    // shutdown_send() was called
    bool output_ended_ = false;     // the sending side is shut down
    bool sent_data_ = false;        // from then on a service may deny data at any time
    std::size_t pongs_queued_ = 0;  // since the output was last written

    std::optional<code> closing_;  // set: the write loop ends with this `closing`, and input is discarded
    base::steady_timer close_timer_;
    base::steady_timer server_watch_timer_;

    base::condition_variable output_queued_;          // for write_loop()
    base::condition_variable output_written_;         // for flush() and shutdown_send()
    base::condition_variable message_arrived_;        // for receive()
    base::condition_variable receive_queue_drained_;  // for read_loop()
    base::condition_variable end_reached_;            // for wait_until_ended()
    base::condition_variable closed_;                 // for close()
};

}  // namespace porter::detail::client
