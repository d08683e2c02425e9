#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "porter/host_key_policy.hpp"

namespace porter::programs {

/// What stands on porter's command line.
struct porter_options {
    std::optional<std::string> host;    ///< asked for when it is not given
    std::optional<std::uint16_t> port;  ///< asked for when it is not given
    std::string name;                   ///< empty: the one that the server knows, or asked for
    bool register_account = false;
    std::string password_file;
    bool save = true;    ///< keep the session's token for the next start
    bool plain = false;  ///< no TLS
    porter::host_key_policy host_key_policy = porter::host_key_policy::strict;
    bool json = false;
    bool quiet = false;
    std::chrono::milliseconds timeout = std::chrono::seconds{20};
    std::chrono::milliseconds linger = std::chrono::seconds{2};

    bool help = false;
    bool version = false;
};

/// Reads the arguments (without the program's name). Throws config::option_error(usage).
porter_options parse_porter_options(std::vector<std::string> arguments);

/// What --help shows.
std::string porter_help();

}  // namespace porter::programs
