#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench/channel.hpp"
#include "bench/fault.hpp"
#include "porter/frame.hpp"
#include "protocol/messages.hpp"

namespace porter::detail::bench {

/// What a visitor asks for at the door.
struct access_request {
    enum class kind : std::uint8_t {
        query,     ///< nothing: it only reads the welcome
        open,      ///< nothing: access is open
        identify,  ///< to be known by a name
        register_account,
        login,
        resume,
    };

    kind what = kind::query;
    std::string name;
    std::string secret;  ///< a password or a token
};

/// The way in: from a connection that is being made to granted access, without waiting. Like any client that knows what
/// it wants it sends its request along with the hello.
class login {
public:
    enum class state : std::uint8_t { connecting, asking, granted };

    explicit login(access_request asked) : request_(std::move(asked)) {}

    /// Goes as far as it can: call it whenever the socket became ready. A fault ends the visit.
    std::optional<fault> advance(channel& through);

    state now() const noexcept { return state_; }

    /// What the welcome said, and the token of a session that was opened.
    protocol::access_mode access() const noexcept { return access_; }
    std::uint32_t max_frame() const noexcept { return max_frame_; }
    std::string const& server() const noexcept { return server_; }
    std::string const& token() const noexcept { return token_; }

private:
    std::optional<fault> send(channel& through);
    std::optional<fault> receive(channel& through);
    std::optional<fault> take(base::bytes_view payload);
    std::optional<fault> take_welcome(protocol::welcome const& welcome);
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
