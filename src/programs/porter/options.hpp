#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "porter/host_key_policy.hpp"
#include "programs/porter/listen_address.hpp"

namespace porter::programs {

inline constexpr std::uint16_t default_port = 7678;

/// The options of porter's command line.
struct porter_options {
    std::optional<std::string> host;    ///< none: ask the user
    std::optional<std::uint16_t> port;  ///< none: ask the user
    std::string name;                   ///< empty: the name that the server knows the address by, or ask the user
    std::string password_file;
    std::string code_file;  ///< with the code to redeem; empty: ask the user
    bool register_account = false;
    bool redeem = false;  ///< redeem the code of an invitation or a reset
    bool save = true;     ///< save the session's token
    bool plain = false;   ///< no TLS
    porter::host_key_policy host_key_policy = porter::host_key_policy::strict;
    bool json = false;
    bool quiet = false;
    std::chrono::milliseconds timeout = std::chrono::seconds{20};
    std::chrono::milliseconds linger = std::chrono::seconds{2};

    std::optional<listen_address> listen;  ///< give each local program that connects here a connection
    std::string port_file;                 ///< with the port of `listen`; empty: none
    bool stdio = false;                    ///< a connection for stdin and stdout

    bool help = false;
    bool version = false;

    /// Whether bytes are passed on, and nothing is asked.
    bool is_tunnel() const noexcept { return listen || stdio; }
};

/// Parses the arguments, without the program's name. Throws config::option_error (usage).
porter_options parse_porter_options(std::vector<std::string> arguments);

/// The text of --help.
std::string porter_help();

}  // namespace porter::programs
