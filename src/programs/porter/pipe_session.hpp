#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "porter/client.hpp"
#include "programs/porter/byte_stream.hpp"
#include "programs/porter/coroutine_group.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/output_format.hpp"
#include "programs/porter/timer.hpp"

namespace porter::programs {

/// The session without a terminal: sends each line of stdin as a text and prints each received text as a line, in both
/// directions at once. After the end of input it ends when as many texts were received as sent, or when none was
/// received for `linger`. While the reader of stdout pauses, the library goes on receiving, and that time does not
/// count. A lost connection ends it: it is not known which lines have arrived, so they are not sent again.
class pipe_session {
public:
    /// `client` and `login` must outlive the object.
    pipe_session(io_executor executor, client& client, login_flow& login, output_format format,
                 std::chrono::milliseconds linger);

    /// Runs until the session ends, and closes the connection.
    task<exit_status> run();

private:
    using clock = timer::clock;

    task<void> send_input();
    task<void> send_lines(std::string& pending);
    void queue_line(std::string_view line);
    task<void> flush();
    task<void> print_received();
    task<void> print(std::string lines);

    void end(exit_status status);
    bool is_over() const;
    clock::time_point end_of_linger() const;
    void reject_line(std::string const& reason);
    exit_status exit_status_at_end() const;
    std::string unanswered_text() const;

    client& client_;
    login_flow& login_;
    output_format format_;
    std::chrono::milliseconds linger_;
    byte_stream input_;
    byte_stream output_;
    timer changed_;

    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    bool input_ended_ = false;
    bool printing_ = false;                // the reader of stdout may pause for any time
    clock::time_point last_change_;        // of input_ended_ or received_
    std::optional<exit_status> rejected_;  // for a line that cannot be sent; replies to earlier ones are printed first
    std::optional<exit_status> exit_;
    coroutine_group directions_;
};

}  // namespace porter::programs
