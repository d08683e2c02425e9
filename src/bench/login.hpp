#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench/channel.hpp"
#include "bench/fault.hpp"
#include "porter/frame.hpp"
#include "protocol/messages.hpp"

namespace porter::detail::bench {

enum class request_kind : std::uint8_t {
    query,  ///< none: only reads the welcome
    open,   ///< none: access is open
    identify,
    register_account,
    login,
    resume,
};

/// The request for access of a connection.
struct access_request {
    request_kind kind = request_kind::query;
    std::string name;
    std::string secret;  ///< a password or a token
};

/// The login of a connection, from connecting to granted access, without blocking. It sends its request together with
/// the hello.
class login {
public:
    enum class state : std::uint8_t { connecting, requesting, granted };

    explicit login(access_request request) : request_(std::move(request)) {}

    /// Continues as far as possible; call it when the socket is ready. A fault ends the connection.
    std::optional<fault> advance(channel& channel);

    state current_state() const noexcept { return state_; }

    // From the welcome, and the token of a new session.
    protocol::access_mode access() const noexcept { return access_; }
    std::uint32_t max_frame() const noexcept { return max_frame_; }
    std::string const& server() const noexcept { return server_; }
    std::string const& token() const noexcept { return token_; }

private:
    std::optional<fault> send(channel& channel);
    std::optional<fault> receive(channel& channel);
    std::optional<fault> on_message(base::bytes_view payload);
    std::optional<fault> on_welcome(protocol::welcome const& welcome);
    void send_request();

    access_request request_;
    state state_ = state::connecting;
    frame_encoder out_;
    frame_decoder in_{protocol::opening_limit + 1024};  // a server's frame may exceed the limit by 1 KiB
    bool welcomed_ = false;
    protocol::access_mode access_ = protocol::access_mode::open;
    std::uint32_t max_frame_ = 0;
    std::string server_;
    std::string token_;
};

}  // namespace porter::detail::bench
