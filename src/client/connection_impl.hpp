#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "client/connect.hpp"
#include "client/event.hpp"
#include "client/pending_request.hpp"
#include "client/receive_queue.hpp"
#include "porter/client.hpp"
#include "porter/message_socket.hpp"
#include "protocol/codec.hpp"

namespace porter::detail::client {

inline constexpr std::uint32_t server_overhead = 1024;  ///< how much longer than the limit a server's frame may be

/// A connection as the client's operations share it. Three coroutines of its own serve it: one hears the server (so
/// that pings are answered and closings noticed whatever the program does), one writes what is queued (so that hearing
/// never waits for a peer that does not read), one cuts the connection when a leave takes too long. Operations queue,
/// wait and are woken. All on one thread; the link lives as long as any of them.
class connection_impl {
public:
    connection_impl(opened_stream way, client_options options);
    connection_impl(connection_impl const&) = delete;
    connection_impl& operator=(connection_impl const&) = delete;

    /// Starts its coroutines.
    static void start(std::shared_ptr<connection_impl> const& self);

    /// Asks a question: queues its message (an encoded payload) and waits for the answer. Before access the connection
    /// is given up when that takes longer than the options say.
    static task<client_result<reply>> request(std::shared_ptr<connection_impl> self, base::secret payload,
                                              expected wanted);

    /// Says hello, hears the welcome and, where the server lets everybody in, the access.
    static task<client_result<void>> open(std::shared_ptr<connection_impl> self);

    /// Queues an encoded text or data message; waits while too much is queued.
    static task<client_result<void>> send(std::shared_ptr<connection_impl> self, message_kind what, std::string body);

    static task<std::optional<message>> receive(std::shared_ptr<connection_impl> self);
    static task<std::optional<std::string>> receive_text(std::shared_ptr<connection_impl> self);
    message const* next();

    /// Takes leave and waits until that is over.
    static task<void> close(std::shared_ptr<connection_impl> self);

    /// Closes the socket without any leave.
    void close_socket();

    server_info const& server() const noexcept { return server_; }
    access_granted const* granted() const noexcept { return granted_ ? &*granted_ : nullptr; }
    client_error const* ended() const noexcept { return ended_ ? &*ended_ : nullptr; }
    client_error const* refused_data() const noexcept { return refused_data_ ? &*refused_data_ : nullptr; }
    bool is_remote() const noexcept { return remote_; }
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
                                                     std::shared_ptr<pending_request> asked);

    void dispatch_frames();
    void dispatch(base::bytes_view payload);
    void on(protocol::text const& said);
    void on(protocol::data const& said);
    void on(protocol::ping const& said);
    void on(protocol::pong const&) {}
    void on(protocol::closing const& said);
    void on(protocol::welcome const& said);
    void on(protocol::granted const& said);
    void on(protocol::denied const& said);
    void on(protocol::done const& said);
    void on(protocol::sessions const& said);

    std::optional<client_error> validate(base::secret const& payload) const;
    std::shared_ptr<pending_request> add_request(expected wanted);
    void resolve(expected kind, reply said);
    bool is_full() const noexcept;
    bool has_output() const noexcept { return !socket_.encoder().empty() || !requests_.empty(); }

    void fail(client_error why);
    void begin_close(client_error why, code said);
    void fail_protocol(code what, std::string reason);

    io_executor executor_;
    message_socket<stream> socket_;
    client_options options_;
    bool remote_;
    std::string server_key_;
    std::string server_authority_;
    porter::trust_source trust_source_;

    server_info server_;
    std::optional<access_granted> granted_;
    std::optional<client_error> ended_;
    std::optional<client_error> refused_data_;

    std::deque<std::shared_ptr<pending_request>> pending_;  // in the order of their answers
    std::shared_ptr<pending_request> implied_grant_;        // the access that follows the welcome unasked
    std::deque<base::secret> requests_;                     // whole frames; apart from the encoder, which does not wipe
    client::receive_queue received_;
    bool open_ = true;              // the socket: hear() goes on
    bool output_broken_ = false;    // nothing can be written any more
    bool sent_data_ = false;        // a service may deny it, at any time
    std::size_t pongs_queued_ = 0;  // since the output was last written

    std::optional<code> closing_;  // leaving: this goes out last, and what still comes is discarded
    base::steady_timer close_timer_;

    event output_queued_;          // for write()
    event output_written_;         // for senders
    event message_arrived_;        // for receive()
    event receive_queue_drained_;  // for hear()
    event closed_;                 // for close()
};

}  // namespace porter::detail::client
