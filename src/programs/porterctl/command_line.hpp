#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/command_line.hpp"
#include "programs/porterctl/command.hpp"

namespace porter::programs {

/// porterctl's command line.
struct invocation {
    bool version = false;
    std::optional<std::string> help;             ///< the text for --help
    programs::command const* command = nullptr;  ///< null only with the two above
    std::vector<std::string> arguments;
    std::string account;
    std::string address;
    std::string password_file;
    std::string to;
    std::optional<std::string> since;     ///< --since
    std::string tls_key;                  ///< --tls-key
    std::optional<std::string> duration;  ///< --for
    std::optional<std::string> interval;  ///< --interval
    std::optional<std::string> reason;    ///< --reason
    std::optional<std::string> uses;      ///< --uses
    std::optional<std::string> name;      ///< --name
    bool silent = false;
    bool yes = false;
    bool remove = false;
    bool dry_run = false;
    bool with_password_hashes = false;
    bool json = false;
    detail::config::command_line configuration;  ///< the options that porterd has as well
};

/// Reads the arguments (without the program's name). Throws config::option_error(usage).
invocation parse_porterctl(std::vector<std::string> arguments);

}  // namespace porter::programs
