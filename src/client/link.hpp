#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "client/answer.hpp"
#include "client/connecting.hpp"
#include "client/inbox.hpp"
#include "client/wakeup.hpp"
#include "porter/client.hpp"
#include "porter/message_socket.hpp"
#include "protocol/codec.hpp"

namespace porter::rooms::client {

inline constexpr std::uint32_t server_overhead = 1024;  ///< how much longer than the limit a server's frame may be

/// A connection as the client's operations share it. Three coroutines of its own serve it: one hears the server (so
/// that pings are answered and closings noticed whatever the program does), one writes what is queued (so that hearing
/// never waits for a peer that does not read), one cuts the connection when a leave takes too long. Operations queue,
/// wait and are woken. All on one thread; the link lives as long as any of them.
class link {
public:
    link(opened way, client_options options);
    link(link const&) = delete;
    link& operator=(link const&) = delete;

    /// Starts its coroutines.
    static void start(std::shared_ptr<link> const& self);

    /// Asks a question: queues its message (an encoded payload) and waits for the answer. Before access the connection
    /// is given up when that takes longer than the options say.
    static task<client_result<answer>> ask(std::shared_ptr<link> self, base::secret payload, expected wanted);

    /// Says hello, hears the welcome and, where the server lets everybody in, the access.
    static task<client_result<void>> open(std::shared_ptr<link> self);

    /// Queues an encoded text or data message; waits while too much is queued.
    static task<client_result<void>> send(std::shared_ptr<link> self, message::kind what, std::string body);

    static task<std::optional<message>> receive(std::shared_ptr<link> self);
    static task<std::optional<std::string>> receive_text(std::shared_ptr<link> self);
    message const* next();

    /// Takes leave and waits until that is over.
    static task<void> close(std::shared_ptr<link> self);

    /// Closes the socket without any leave.
    void cut();

    server_info const& server() const noexcept { return server_; }
    grant const* granted() const noexcept { return granted_ ? &*granted_ : nullptr; }
    client_failure const* ended() const noexcept { return ended_ ? &*ended_ : nullptr; }
    client_failure const* refused_data() const noexcept { return refused_data_ ? &*refused_data_ : nullptr; }
    bool is_remote() const noexcept { return remote_; }
    std::string const& server_key() const noexcept { return server_key_; }
    std::string const& server_authority() const noexcept { return server_authority_; }
    porter::trusted_by trusted_by() const noexcept { return trusted_by_; }

private:
    static task<void> hear(std::shared_ptr<link> self);
    static task<void> write(std::shared_ptr<link> self);
    static task<base::error_code> write_queued(std::shared_ptr<link> self);
    static task<void> say_farewell(std::shared_ptr<link> self);
    static task<void> watch_leave(std::shared_ptr<link> self);
    static task<client_result<answer>> hear_answer(std::shared_ptr<link> self, std::shared_ptr<question> asked);

    void take_up_frames();
    void take_up(base::bytes_view payload);
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

    std::optional<client_failure> unfit(base::secret const& payload) const;
    std::shared_ptr<question> expect(expected wanted);
    void settle(expected kind, answer said);
    bool is_full() const noexcept;
    bool has_output() const noexcept { return !socket_.encoder().empty() || !requests_.empty(); }

    void end(client_failure why);
    void leave(client_failure why, code said);
    void break_protocol(code what, std::string reason);

    io_executor executor_;
    message_socket<stream> socket_;
    client_options options_;
    bool remote_;
    std::string server_key_;
    std::string server_authority_;
    porter::trusted_by trusted_by_;

    server_info server_;
    std::optional<grant> granted_;
    std::optional<client_failure> ended_;
    std::optional<client_failure> refused_data_;

    std::deque<std::shared_ptr<question>> questions_;  // in the order of their answers
    std::shared_ptr<question> at_once_;                // the access that follows the welcome unasked
    std::deque<base::secret> requests_;                // whole frames; apart from the encoder, which does not wipe
    client::inbox inbox_;
    bool open_ = true;              // the socket: hear() goes on
    bool output_broken_ = false;    // nothing can be written any more
    bool sent_data_ = false;        // a service may deny it, at any time
    std::size_t pongs_queued_ = 0;  // since the output was last written

    std::optional<code> farewell_;  // leaving: this goes out last, and what still comes is discarded
    base::steady_timer leave_timer_;

    wakeup output_queued_;    // for write()
    wakeup output_written_;   // for senders
    wakeup message_arrived_;  // for receive()
    wakeup inbox_drained_;    // for hear()
    wakeup left_;             // for close()
};

}  // namespace porter::rooms::client
