#pragma once

#include <optional>
#include <string>

#include "porter/client.hpp"
#include "programs/porter/coroutine_group.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/local_stream.hpp"
#include "programs/porter/timer.hpp"

namespace porter::programs {

/// Passes bytes between a local program and a connection, in both directions at once: what the program sends becomes
/// data messages, and the body of each message received is written to it. The end of one direction is passed on, and
/// the other one goes on.
class tunnel {
public:
    /// `connection` has access and was made with client_options::half_close. The arguments must outlive the object.
    tunnel(io_executor executor, std::shared_ptr<client>& connection, local_stream& local);

    /// Runs until both directions have ended, or one has failed. Then close or destroy the connection, and call join().
    task<exit_status> run();

    /// Ends run() with success.
    void stop();

    /// Waits until no coroutine of the tunnel uses the connection any more.
    task<void> join();

    /// Whether both directions have ended in order.
    bool is_complete() const noexcept { return input_ended_ && output_ended_; }

private:
    task<void> send_input();
    task<void> receive_output();
    task<bool> write_received(message const& first);
    void fail(client_error const& error);
    void fail_local(std::error_code error, std::string_view operation);
    void end(exit_status status);

    std::shared_ptr<client>& client_;
    local_stream& local_;
    timer changed_;
    std::string output_;  // small messages, to be written together
    bool input_ended_ = false;
    bool output_ended_ = false;
    std::optional<exit_status> end_;
    coroutine_group directions_;
};

}  // namespace porter::programs
