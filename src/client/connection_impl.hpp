#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "client/condition_variable.hpp"
#include "client/open_stream.hpp"
#include "client/pending_request.hpp"
#include "client/receive_queue.hpp"
#include "client/reply.hpp"
#include "porter/client.hpp"
#include "porter/message_socket.hpp"
#include "protocol/codec.hpp"

namespace porter::detail::client {

inline constexpr std::uint32_t server_overhead = 1024;  ///< how much longer than the limit a server's frame may be

/// The connection behind a porter::client. It runs three coroutines: the read loop, so that pings are answered and a
/// `closing` is noticed whatever the caller does; the write loop, so that reading does not wait for a server that does
/// not read; and the watch of the close timeout. The operations queue output and wait for these coroutines. All of it
/// runs on one thread. Each coroutine and each operation shares ownership of the connection.
class connection_impl {
public:
    connection_impl(opened_stream opened, client_options options);
    connection_impl(connection_impl const&) = delete;
    connection_impl& operator=(connection_impl const&) = delete;

    /// Starts the coroutines.
    static void start(std::shared_ptr<connection_impl> const& self);

    /// Sends hello and waits for the welcome and, where the server grants access without a request, for that.
    static task<client_result<void>> open(std::shared_ptr<connection_impl> self);

    /// Sends a request, an encoded payload, and waits for the reply. Before access the connection is closed when that
    /// takes longer than the timeout of the options.
    static task<client_result<reply>> request(std::shared_ptr<connection_impl> self, base::secret payload,
                                              reply_kind expected);

    /// Queues a text or data message; waits while the queue is full.
    static task<client_result<void>> send(std::shared_ptr<connection_impl> self, message_kind kind, std::string body);

    static task<std::optional<message>> receive(std::shared_ptr<connection_impl> self);
    static task<std::optional<std::string>> receive_text(std::shared_ptr<connection_impl> self);
    message const* next();

    /// Sends `closing` and waits until the server has closed, or for the limit of the protocol.
    static task<void> close(std::shared_ptr<connection_impl> self);

    /// Closes the socket at once, without a `closing`.
    void close_socket();

    server_info const& server() const noexcept { return server_; }
    access_granted const* granted() const noexcept { return granted_ ? &*granted_ : nullptr; }
    client_error const* ended() const noexcept { return ended_ ? &*ended_ : nullptr; }
    client_error const* refused_data() const noexcept { return refused_data_ ? &*refused_data_ : nullptr; }
    bool is_remote() const noexcept { return is_remote_; }
    std::string const& server_key() const noexcept { return server_key_; }
    std::string const& server_authority() const noexcept { return server_authority_; }
    porter::trust_source trust_source() const noexcept { return trust_source_; }

private:
    static task<void> read_loop(std::shared_ptr<connection_impl> self);
    static task<void> write_loop(std::shared_ptr<connection_impl> self);
    static task<base::error_code> write_queued(std::shared_ptr<connection_impl> self);
    static task<void> send_closing(std::shared_ptr<connection_impl> self);
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

    std::optional<client_error> size_error(base::secret const& payload) const;
    std::shared_ptr<pending_request> add_request(reply_kind expected);
    void resolve(reply_kind kind, reply with);
    bool is_full() const noexcept;

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
    std::optional<client_error> refused_data_;

    std::deque<std::shared_ptr<pending_request>> pending_;  // the server replies in this order
    std::shared_ptr<pending_request> implied_grant_;        // the access that follows the welcome without a request
    std::deque<base::secret> requests_;  // whole frames, wiped after sending; the encoder's buffer is not
    client::receive_queue received_;
    bool open_ = true;              // the read loop runs
    bool output_broken_ = false;    // a write has failed
    bool sent_data_ = false;        // from then on a service may deny data at any time
    std::size_t pongs_queued_ = 0;  // since the output was last written

    std::optional<code> closing_;  // set: the write loop ends with this `closing`, and input is discarded
    base::steady_timer close_timer_;

    condition_variable output_queued_;          // for write_loop()
    condition_variable output_written_;         // for send()
    condition_variable message_arrived_;        // for receive()
    condition_variable receive_queue_drained_;  // for read_loop()
    condition_variable closed_;                 // for close()
};

}  // namespace porter::detail::client
