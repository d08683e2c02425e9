#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "config/exit_code.hpp"
#include "config/porterd_options.hpp"
#include "programs/porterctl/output.hpp"

namespace porter::programs {

/// What a command is given to work with.
struct context {
    std::vector<std::string> arguments;
    std::string account;                           ///< of --account; empty: not given
    std::optional<detail::base::secret> password;  ///< of --password-file
    bool yes = false;
    detail::config::porterd_options configuration;  ///< porterd's own: where the database is, the rules for passwords
    output& out;

    std::filesystem::path const& file() const noexcept { return configuration.server.database; }
};

/// One command: a row of the table that the command line and --help go by.
struct command {
    std::string_view noun;
    std::string_view verb;       ///< empty: the noun is the whole command
    std::string_view arguments;  ///< as --help shows them: "OLD NEW", "[NAME]"
    std::size_t least;           ///< how many arguments
    std::size_t most;
    std::string_view options;  ///< the names, between spaces, of those that it takes beside the common ones
    std::string_view summary;
    std::string_view details;  ///< lines of --help, each with its end
    std::string_view examples;
    detail::config::exit_code (*run)(context&);
};

/// "accounts add"
std::string name_of(command const& one);

/// The commands of each noun, in the order of --help.
std::span<command const> accounts_commands();
std::span<command const> sessions_commands();
std::span<command const> addresses_commands();
std::span<command const> why_commands();
std::span<command const> db_commands();

/// All of them.
std::vector<command const*> all_commands();

}  // namespace porter::programs
