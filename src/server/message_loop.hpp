#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "porter/connection.hpp"
#include "server/access_phase.hpp"
#include "server/connection.hpp"
#include "server/server_context.hpp"

namespace porter::detail::server {

/// The phase after access: reads frame after frame, hands text and data to the service and answers the other requests.
/// The implementation of porter::connection.
class message_loop {
public:
    /// The arguments outlive it.
    message_loop(connection& conn, server_context const& ctx, authenticated_client& client)
        : conn_(conn), ctx_(ctx), client_(client)
    {}

    /// Calls the service's handler with the public connection. What it throws, report_defect() takes.
    task<void> run_service()
    {
        conn_.try_flush();  // the service may await something else before it receives, and the client waits for access
        return ctx_.handler(public_connection_);
    }

    /// An exception that escapes a service ends this connection, never the server.
    void report_defect(std::exception_ptr escaped);

    // What porter::connection offers; documented there.
    task<std::optional<batch>> receive_some();
    task<result<batch, receive_errc>> receive_some_for(std::chrono::nanoseconds limit);
    message const* next();
    message const& current() const noexcept { return current_; }  ///< what next() returned last
    void queue(message const& outgoing);
    task<bool> flush() { return conn_.flush(); }
    task<bool> send(data_buffer& buffer, std::size_t size);
    task<bool> shutdown_send(code value, std::string reason);
    void end_on_reset() noexcept { conn_.end_on_reset(); }
    void close(code value, std::string reason);
    task<void> closed() { return conn_.wait_for_end(); }
    std::shared_ptr<outbox_queue> const& outbox() { return conn_.outbox(); }
    authenticated_client const& client() const noexcept { return client_; }
    connection const& conn() const noexcept { return conn_; }
    log::connection_logger log() const { return ctx_.log.with(conn_.address()); }

    /// Sends denied(not_supported) for a message that the service does not accept.
    void deny_unsupported();

private:
    /// One coroutine at a time receives.
    struct receive_guard {
        explicit receive_guard(message_loop& loop_);
        ~receive_guard() { loop.conn_.receiving().is_in_progress = false; }
        receive_guard(receive_guard const&) = delete;
        receive_guard& operator=(receive_guard const&) = delete;
        message_loop& loop;
    };

    /// The end of a receive with a deadline.
    struct deadline_end {
        explicit deadline_end(std::shared_ptr<message_loop*> loop_) : loop(std::move(loop_)) {}
        ~deadline_end()
        {
            (*loop)->conn_.receiving().is_expired = false;
            *loop = nullptr;
        }
        deadline_end(deadline_end const&) = delete;
        deadline_end& operator=(deadline_end const&) = delete;
        std::shared_ptr<message_loop*> loop;
    };

    /// Whether no message will come any more.
    bool is_input_over() const noexcept { return conn_.ended() != nullptr || conn_.is_input_ended(); }

    /// What a receive does while there is no message for the service.
    enum class step : std::uint8_t { decode, wait, read };
    step next_step();
    void start_answer();
    task<void> wait_for_progress();

    void log_defect(std::string_view description);
    [[noreturn]] void reject_misuse(std::string_view sentence);
    /// The message for the service, if the frame is one. Otherwise the frame was handled here, is a request that
    /// receive_some() answers, or has ended the connection.
    message const* dispatch(frame received);
    message const* hand_over(frame received, message_kind kind, std::string_view body) noexcept
    {
        current_frame_ = received;
        current_ = {kind, body};
        return &current_;
    }
    bool is_current(message const& outgoing) const noexcept;

    porter::connection public_connection_{*this};
    connection& conn_;
    server_context const& ctx_;
    authenticated_client& client_;
    message current_;      // what next() returned last, while it is in the input
    frame current_frame_;  // the frame of it
    // A request whose reply has to be awaited. On the heap because few connections ever have one.
    std::unique_ptr<protocol::request> pending_;
};

}  // namespace porter::detail::server
