#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "porter/error.hpp"

/// The messages of docs/PROTOCOL.md as plain structs. Each phase has a variant of the messages that it allows, so no
/// other can be decoded. Views in a decoded message point into its payload and are valid as long as it is.
namespace porter::detail::protocol {

inline constexpr std::uint8_t version = 1;
inline constexpr std::uint32_t opening_limit = 4096;  ///< payload bytes before access is granted
inline constexpr std::size_t ping_limit = 125;        ///< body bytes of ping and pong

enum class kind : std::uint8_t {
    hello = 0x01,
    identify = 0x02,
    register_account = 0x03,  // `register` is a C++ keyword
    login = 0x04,
    resume = 0x05,
    change_password = 0x06,
    logout = 0x07,
    list_sessions = 0x08,
    revoke_session = 0x09,
    redeem = 0x0a,
    prove = 0x0b,
    second_factor = 0x0c,
    text = 0x40,
    data = 0x41,
    ping = 0x42,
    pong = 0x43,
    closing = 0x44,
    welcome = 0x81,
    granted = 0x82,
    denied = 0x83,
    done = 0x84,
    sessions = 0x85,
    enrolment = 0x86,
};

enum class access_mode : std::uint8_t { open = 0, identify = 1, authenticate = 2 };
enum class auth_method : std::uint8_t {
    open = 0,
    address = 1,
    identify = 2,
    register_account = 3,
    login = 4,
    resume = 5,
    redeem = 6
};
enum class logout_scope : std::uint8_t { session = 0, account = 1 };
enum class factor_action : std::uint8_t { begin = 0, confirm = 1, remove = 2 };

// From the client.
struct hello {
    std::uint8_t version = protocol::version;
    std::string_view agent;  ///< empty for another version, of which only the version is read
};
struct identify {
    std::string_view name;
};
struct register_account {
    std::string_view name;
    std::string_view password;
};
struct login {
    std::string_view name;
    std::string_view password;
};
struct resume {
    std::string_view token;
};
struct change_password {
    std::string_view current;
    std::string_view new_password;
};
struct logout {
    logout_scope scope = logout_scope::session;
};
struct list_sessions {};
struct revoke_session {
    std::uint64_t id = 0;
};
/// An invitation's code registers an account; a reset's code gives an account a new password.
struct redeem {
    std::string_view code;
    std::string_view name;
    std::string_view password;
};
struct prove {
    std::string_view code;  ///< a one-time code or a recovery code
};
struct second_factor {
    factor_action action = factor_action::begin;
    std::string_view code;  ///< ignored by begin
};

// From both sides.
struct text {
    std::string_view body;  ///< valid UTF-8
};
struct data {
    base::bytes_view body;
};
struct ping {
    base::bytes_view body;  ///< at most ping_limit bytes
};
struct pong {
    base::bytes_view body;
};
struct closing {
    std::uint16_t code = 0;  ///< a `code`, or a number unknown to this version
    std::string_view reason;
};

// From the server.
struct welcome {
    std::uint8_t version = protocol::version;
    access_mode access = access_mode::authenticate;
    std::uint32_t max_frame = 0;
    std::string_view server;
    std::string_view known_as;
};
struct granted {
    protocol::auth_method auth_method = protocol::auth_method::open;
    std::string_view name;
    std::uint64_t session_id = 0;
    std::string_view token;
    std::uint64_t expires_at = 0;
    std::uint64_t last_login_at = 0;
    std::string_view last_address;
    std::uint32_t failed_since = 0;
};
struct denied {
    std::uint16_t code = 0;
    std::uint32_t retry_after = 0;  ///< seconds
    std::string_view reason;
};
struct done {};
struct session_entry {
    std::uint64_t id = 0;
    std::uint64_t created_at = 0;
    std::uint64_t last_used_at = 0;
    std::uint64_t expires_at = 0;
    std::string_view address;
    bool current = false;
};
struct sessions {
    std::vector<session_entry> entries;  ///< at most 65,535
};
struct enrolment {
    std::string_view uri;                          ///< otpauth://, in reply to begin; otherwise empty
    std::vector<std::string_view> recovery_codes;  ///< in reply to confirm; at most 255
};

/// The messages that a server accepts in each phase of a connection; `closing` is allowed in all.
using opening = std::variant<hello, closing>;
using access_request = std::variant<identify, register_account, login, resume, redeem, prove, closing>;
using request = std::variant<text, data, ping, pong, identify, register_account, login, resume, change_password, logout,
                             list_sessions, revoke_session, redeem, prove, second_factor, closing>;

/// The messages that a client accepts, in any phase.
using reply = std::variant<text, data, ping, pong, closing, welcome, granted, denied, done, sessions, enrolment>;

}  // namespace porter::detail::protocol
