#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "porter/host_key_policy.hpp"

namespace porter::programs {

/// The options of porter's command line.
struct porter_options {
    std::optional<std::string> host;    ///< none: ask the user
    std::optional<std::uint16_t> port;  ///< none: ask the user
    std::string name;                   ///< empty: the name that the server knows the address by, or ask the user
    bool register_account = false;
    std::string password_file;
    bool save = true;    ///< save the session's token
    bool plain = false;  ///< no TLS
    porter::host_key_policy host_key_policy = porter::host_key_policy::strict;
    bool json = false;
    bool quiet = false;
    std::chrono::milliseconds timeout = std::chrono::seconds{20};
    std::chrono::milliseconds linger = std::chrono::seconds{2};

    bool help = false;
    bool version = false;
};

/// Parses the arguments, without the program's name. Throws config::option_error (usage).
porter_options parse_porter_options(std::vector<std::string> arguments);

/// The text of --help.
std::string porter_help();

}  // namespace porter::programs
