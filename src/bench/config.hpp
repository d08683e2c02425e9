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

/// What the load consists of.
enum class mode : std::uint8_t {
    echo,       ///< connections that stay, and send messages that come back
    resume,     ///< visits: connect, resume a session, one message and its echo, leave
    login,      ///< visits: connect, prove an account by its password, leave
    register_,  ///< visits: connect, make an account (in identify access: give a name), leave
    idle,       ///< connections that stay and are silent
};

std::string_view name_of(mode what) noexcept;
std::optional<mode> mode_named(std::string_view name) noexcept;

/// Whether the load is connections that stay, not visits that come and go.
constexpr bool stays(mode what) noexcept
{
    return what == mode::echo || what == mode::idle;
}

/// What the messages are made of.
enum class content : std::uint8_t {
    text,      ///< texts of ASCII letters
    cyrillic,  ///< texts of Cyrillic letters, two bytes each in UTF-8
    data,      ///< data messages
};

std::string_view name_of(content what) noexcept;

/// What is to be measured.
struct config {
    bench::mode mode = bench::mode::echo;
    std::string host = "localhost";
    std::uint16_t port = 7678;
    bool secure = false;                    ///< over TLS
    bool plain = false;                     ///< unencrypted to another machine, knowingly
    std::vector<unsigned> connections{64};  ///< a measurement for each: how many at once
    unsigned depth = 1;                     ///< messages under way on each connection, in the closed loop
    std::optional<double> rate;             ///< open loop: messages or visits a second, of all connections together
    std::size_t payload = 64;               ///< bytes, without the kind
    content kind = content::text;
    std::chrono::milliseconds warm_up = std::chrono::seconds{1};
    std::chrono::milliseconds duration = std::chrono::seconds{10};
    std::chrono::milliseconds timeout = std::chrono::seconds{20};  ///< for an answer, and for a visit's opening
    unsigned threads = 1;                                          ///< that make the load
    bool busy_poll = false;                                        ///< the load never sleeps while it waits
    unsigned accounts = 0;          ///< that are registered first, where they are needed; 0: by the connections
    std::optional<::pid_t> server;  ///< the server's process, if it runs on this machine
};

}  // namespace porter::detail::bench
