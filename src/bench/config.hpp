#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace porter::detail::bench {

/// The kind of load.
enum class mode : std::uint8_t {
    echo,       ///< persistent connections; each message is echoed
    resume,     ///< short connections: connect, resume a session, one message and its echo, close
    login,      ///< short connections: connect, log in with a password, close
    register_,  ///< short connections: connect, register an account (identify access: a name), close
    idle,       ///< persistent connections that send nothing
};

std::string_view name_of(mode value) noexcept;
std::optional<mode> parse_mode(std::string_view name) noexcept;

/// Whether the connections stay open during the measurement, instead of being short connections.
constexpr bool is_persistent(mode value) noexcept
{
    return value == mode::echo || value == mode::idle;
}

/// The content of the messages.
enum class content : std::uint8_t {
    text,      ///< texts of ASCII letters
    cyrillic,  ///< texts of Cyrillic letters, two bytes each in UTF-8
    data,      ///< data messages
};

std::string_view name_of(content value) noexcept;

/// The configuration of a measurement.
struct config {
    bench::mode mode = bench::mode::echo;
    std::string host = "localhost";
    std::uint16_t port = 7678;
    bool tls = false;
    bool plain = false;                     ///< allows plaintext to another machine
    std::vector<unsigned> connections{64};  ///< concurrent ones; a measurement for each number
    unsigned depth = 1;                     ///< unanswered messages on each connection, in the closed loop
    std::optional<double> rate;             ///< open loop: messages or short connections a second, in all
    std::size_t payload = 64;               ///< bytes, without the kind
    bench::content content = bench::content::text;
    std::chrono::milliseconds warm_up = std::chrono::seconds{1};
    std::chrono::milliseconds duration = std::chrono::seconds{10};
    std::chrono::milliseconds timeout = std::chrono::seconds{20};  ///< for a reply, and for a login
    unsigned threads = 1;                                          ///< of the load
    bool busy_poll = false;                                        ///< the load polls instead of sleeping
    unsigned accounts = 0;          ///< registered first, if access needs them; 0: depends on the connections
    std::optional<::pid_t> server;  ///< the server's process, if it runs on this machine
};

}  // namespace porter::detail::bench
