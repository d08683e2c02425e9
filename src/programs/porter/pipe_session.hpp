#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/asio.hpp"
#include "porter/client.hpp"
#include "programs/porter/byte_stream.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/received.hpp"

namespace porter::programs {

/// A session whose input is no terminal: each line of stdin is sent as a text, each text received is printed as a line,
/// both at once and each as fast as the slowest lets it. It is over when as many texts came as were sent, or none came
/// for a while after the end of input.
class pipe_session {
public:
    /// `door` and `entrance` outlive the piping. `linger`: how long that while is.
    pipe_session(io_executor executor, client& door, login_flow& entrance, output_format how,
                 std::chrono::milliseconds linger);

    /// Ends with the connection closed.
    task<exit_status> run();

private:
    using clock = std::chrono::steady_clock;

    task<void> send_input();
    task<void> send_lines(std::string& pending);
    task<void> send_line(std::string line);
    task<void> print_received();
    task<void> print(std::string lines);

    void end(exit_status why);
    bool is_over() const;
    void reject_line(std::string const& why);
    exit_status exit_status_at_end() const;

    io_executor executor_;
    client& client_;
    login_flow& login_;
    output_format options_;
    std::chrono::milliseconds linger_;
    byte_stream input_;
    byte_stream output_;
    detail::base::steady_timer changed_;

    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    bool input_ended_ = false;
    clock::time_point last_change_;        // the end of input, or the last text after it
    std::optional<exit_status> rejected_;  // a line of the input: what was sent before it is still answered
    std::optional<exit_status> exit_;
    int running_ = 0;  // coroutines that still refer to this
};

}  // namespace porter::programs
