#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "porter/connection.hpp"
#include "services/descriptor.hpp"
#include "services/process_pool.hpp"

namespace porter::detail::services {

/// Passes texts and lines between a connection and a command. Its coroutines run at the same time, in those of the
/// service; each can be cancelled. When it is destroyed, the process is ended.
class command_io {
public:
    /// `client` and `pool` outlive it.
    command_io(connection& client, process_pool& pool, command_process process, io_executor executor);
    ~command_io();
    command_io(command_io const&) = delete;
    command_io& operator=(command_io const&) = delete;

    /// Writes each text that is received to the standard input. When the client has closed its side, closes it, and
    /// waits until it is cancelled. Returns when the connection has ended.
    task<void> write_input();

    /// Sends the lines of the standard output, until no process has it open, or the command has exited and what it has
    /// written is sent.
    task<void> send_output();

    /// Logs the lines of the standard error, as long.
    task<void> log_errors();

    /// Returns when the command has exited.
    task<void> watch_exit();

    /// Logs how the command has exited.
    void log_end() const;

private:
    /// Reads one of the outputs, and knows how much of it belongs to a command that has exited.
    struct output_state {
        descriptor stream;
        std::size_t left = 0;  ///< bytes that were written when the command exited, and are not read yet
    };

    task<std::size_t> read_some(output_state& source, char* memory, std::size_t size);
    void finish_output(output_state& source);
    [[noreturn]] void end_input();
    void log_error_line(std::string_view line) const;

    connection& client_;
    process_pool& pool_;
    command_process process_;
    descriptor exit_;
    descriptor input_;
    base::steady_timer connection_end_;  // never expires; its cancellation says that the connection has ended
    output_state output_;
    output_state errors_;
    bool has_exited_ = false;
};

}  // namespace porter::detail::services
