#pragma once

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/asio.hpp"
#include "control/messages.hpp"
#include "porter/blocking_message_socket.hpp"

namespace porter::detail::control {

/// What went wrong between porterctl and porterd.
enum class control_errc : std::uint8_t {
    unreachable,  ///< no porterd listens, it does not answer, or it may not be connected to
    protocol,     ///< it sent something else than a reply: it has another version
    rejected,     ///< it does not do what was asked for
};

/// Thrown by control_client; what() is one line for a person.
class control_error : public std::runtime_error {
public:
    control_error(control_errc code, std::string const& message) : std::runtime_error(message), code_(code) {}
    control_errc code() const noexcept { return code_; }

private:
    control_errc code_;
};

/// A connection to the control_server of a running porterd. Its calls block the thread, but no longer than the time
/// limit.
class control_client {
public:
    /// Connects to the socket at `path`. `time`: for a reply. Throws control_error(unreachable).
    explicit control_client(std::filesystem::path const& path,
                            std::chrono::milliseconds time = std::chrono::seconds{10});

    /// Sends a request and waits for its reply. Throws control_error.
    pong ask(ping const& message);
    page ask(list_connections const& message);
    closed ask(close_connections const& message);
    overview ask(get_overview const& message);

    /// The same in two steps, for a program that waits for other events, too: sends a request, which is short enough to
    /// be taken at once by a server that reads. One at a time. Throws control_error.
    void begin(request const& message);
    /// The reply, or none: it is not complete, so call it again when descriptor() is readable. Throws control_error,
    /// also if the server has rejected the request.
    std::optional<reply> try_finish();
    int descriptor() { return socket_.native_handle(); }

private:
    reply exchange(request const& message);
    void wait(short event, std::chrono::steady_clock::time_point until);
    void send(std::string const& payload, std::chrono::steady_clock::time_point until);
    template <typename Reply>
    Reply exchange_for(request const& message);

    std::chrono::milliseconds time_;
    asio::io_context io_;  // runs nothing: the calls block
    blocking_message_socket<asio::local::stream_protocol::socket> socket_;
};

}  // namespace porter::detail::control
